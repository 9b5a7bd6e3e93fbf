-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then runs of beats that differ in names, data and guards only:
--          tenant, form, number of beats; if revisions are returned, the last revision of the tenant as of which the node knows those of
--          all groups of the run, or nothing; if there are guards, their lists (beat/guards.lua), which beat has which list, and (collection,
--          its last change as of which the node saw these lists hold, or nothing)*; then the holder of each beat; unless the beats
--          are on all that the holders have, the group of each, or if there are several their names (membership/layout.lua), and the data of those leases that
--          come with any. The form is '<ttl ms or nothing>,<default ttl ms>,<grant 1 or 0>,<returning>,<number of collections with
--          guards>,<groups>', where returning is 'all', 'data', 'known', 'revision' or 'state', and groups has a 1 (with data)
--          or 0 (without) for each group, or is '*' for all that are held. 'known' is 'data' of which the node knows a version, which is
--          before the group, in two bytes. Which beat has which list is nothing if there is only one, else the number of the list of each
--          beat, with ',' after it
-- Returns  { replies, tenant, events, tenant, events, … }. The replies are one text, for a list of strings would cost its
--          reader more than the rest. Lengths are in bytes. Per run: the number of beats and ';', and if there are guards '=' if their
--          collections have not changed, '+' and the last change of each with ';' after it if all lists hold until the next one, or '-'.
--          Then
--            'r'  if all leases were renewed and not all fields are returned; if data is, it has the known versions; if revisions
--                 are, it is followed by '=' if the last revision is the one that the node has, or by '+', the last revision and that of
--                 each group of the run, once and in order, with ';' after each;
--            '-'  else, followed for each beat by 's' if there are guards and one of its did not hold, or by a letter per lease:
--                 'g' granted, 'r' renewed, 'a' absent, 'f' refused for lack of memory, 'm' because the holder would have too
--                 many, 'b' because the tenant would hold too many bytes, or 't' because there are too many tenants, which
--                 are as absent. For '*', the letters begin with
--                 the number of leases and ';', and each letter is followed by the length of the group, ';' and the group. Then
--                 come the revision
--                 and ';' if it is returned; the epoch and ';' if all fields are returned or the lease was granted; and if all
--                 fields are, '-' for no data, or '+', the length of the data, ';' and the data. Where data is returned, its version and
--                 ';' come before its length
--@include beat/plainRenewals

-- True in a script of its own, which is called when Redis has refused this one for lack of memory.
if isMemoryFull then
  -- As admitWrites of shared/memory, without a function for every batch.
  redis.call('DEL', KEYS[2])
end

local others = renewAll()
if #others == 0 then
  return { table.concat(replies) }
end

-- The rest is built only when it is needed: functions are built by every call, and these would cost as much as a batch of
-- renewals.
local ofRuns = replies
--@include beat/form
--@include membership/endLeases
--@include shared/bytes
--@include beat/grants
--@include beat/leases

local bundle = 0
for _, other in ipairs(others) do
  local at = other.at
  replies = {}
  local tenant, form, beats = ARGV[at], formOf(ARGV[at + 1]), tonumber(ARGV[at + 2])
  -- Leases of one beat have the same `bundle`.
  local run = { tenant = tenant, form = form, bundle = bundle }
  local first = at + 3 + (form.returnsRevision and 1 or 0)
  reply(beats .. ';')
  if form.collections > 0 then
    -- No beat changes a document, so the guards of a run are checked once.
    local found, stale = checkGuards(tenant, first, form.collections)
    reply(found)
    run.stale = staleBeats(stale, ARGV[first + 1], beats)
    first = first + 2 + 2 * form.collections
  end
  local last = first + beats - 1
  reply('-')
  if form.held then
    beatHeld(run, first, last)
  else
    beatNamed(run, first, last)
  end
  bundle = run.bundle
  ofRuns[other.place] = table.concat(replies)
end
writeGranted()
saveRecords()
result[1] = table.concat(ofRuns)
publishAppends()
saveCounters()
return result
