-- All kinds of keys. Every key of a partition starts with the same hash tag, '{hb:<n>}:', which `prefix` holds.
--
-- Keys of a tenant: keyOf(KIND, tenant, name). "beat" below stands for beat, release and sweep, which grant and end leases.

local LEASES = 'l'          -- HASH  holder -> record of its leases (membership/layout.lua). Written by beat, setData
local LEASE_DATA = 'x'      -- HASH  field of a lease -> its data, if it has any. Written by beat, setData
local MEMBERS = 'z'         -- ZSET  per group: holder -> lower bound of its deadline; renewals leave it. Written by beat
local GROUPS = 'g'          -- ZSET  groups with members, all with score 0: ordered by name. Written by beat
local REVISIONS = 'r'       -- HASH  group -> revision. Written by beat
local VERSIONS = 'v'        -- HASH  per collection: key -> '<version>|<deadline or nothing>'. Written by commit, sweep
local DOCUMENTS = 'd'       -- HASH  per collection: key -> value. Written by commit, sweep
local CHANGES = 'c'         -- HASH  when documents and groups last changed (shared/changes.lua). Written by commit, beat, sweep
local ENTRIES = 's'         -- STREAM per topic: ids '<position>-0' (shared/topics.lua). Written by commit, beat, setData
local OWN_DUE = 'D'         -- ZSET  as DUE, of a tenant with a clock of its own, in its time. Written by all that write DUE
local TOPIC_BYTES = 'b'     -- HASH  topic -> bytes of its entries (shared/topics.lua). Written by all that write ENTRIES, sweep
local TOPICS = 't'          -- HASH  topic -> idle deadline, '' for never. Written by commit, beat, setData, sweep
local WATCHES = 'w'         -- ZSET  of groups ('g') and of prefixes ('p'): name -> end (shared/watches.lua). Written by watchEvents, sweep

-- Keys of the partition: prefix .. NAME

local DUE = 'due'           -- ZSET  what is to be swept (shared/due.lua) -> lower bound of its earliest deadline
local CLOCKS = 'clocks'     -- HASH  tenant -> its own clock, packed (shared/partition.lua); absent while nobody moved a tenant's clock
local CLAIMS = 'claims'     -- HASH  tenant, or '' -> owner of its sweeps (sweep/claims.lua); absent while no clock is advanced. Written by clock, sweep
local COUNTS = 'n:'         -- HASH  with 'leases', 'documents', 'topics' or 'bytes' after it: tenant -> how many it holds
-- clockName                   HASH  lease clock, counters, requests of nodes (shared/partition.lua). KEYS[1] of every script
-- absent                      KEYS[2] of every script; never exists (declaredKeys in keys.ts)
-- appendsName                 channel, not a key: '<length of tenant>:<tenant><topic>' for each topic with new entries

local prefix = string.sub(KEYS[1], 1, -1 - #clockName)

-- Names may hold any character, so a key states the length of the tenant's name. `name`: '' for one key per tenant.
local function keyOf(kind, tenant, name)
  return prefix .. kind .. #tenant .. ':' .. tenant .. name
end
