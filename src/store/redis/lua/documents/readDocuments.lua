-- Reads documents by name.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, number of documents, (collection, key)*
-- Returns  per command, per document: false, or { version, value }
--@include shared/versions

local replies = {}
local at = 1
while ARGV[at] do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local reply = {}
  for index = 0, count - 1 do
    local collection, key = ARGV[at + 2 + 2 * index], ARGV[at + 3 + 2 * index]
    local version = readVersion(tenant, collection, key)
    reply[index + 1] = version and { version, redis.call('HGET', keyOf(DOCUMENTS, tenant, collection), key) } or false
  end
  replies[#replies + 1] = reply
  at = at + 2 + 2 * count
end
return replies
