-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then runs of beats that differ in names, data and guards only:
--          tenant, form, number of beats, which beat has which guards, (collection, key, version) per guard, then the holder of
--          each beat; unless the beats are on all that the holders have, the names of the leases of each
--          (membership/leases.lua), and the data of those leases that come with any; if revisions are returned, each group
--          once; if data is, and a version of it is known for each beat, these versions, two bytes each. The form is '<ttl ms or
--          nothing>,<default ttl ms>,<grant 1 or 0>,<returning>,<number of guards>,<number of arguments at the end>,<groups>',
--          where returning is 'all', 'data', 'revision' or 'state', and groups has a 1 (with data) or 0 (without) for each
--          group, or is '*' for all that are held. Which beat has which guards is nothing if each has all,
--          else the numbers of its guards for each beat, with ',' after each number and ';' after each beat
-- Returns  { replies, tenant, events, tenant, events, … }. The replies are one text, for a list of strings would cost its
--          reader more than the rest. Lengths are in bytes. Per run: the number of beats and ';', then
--            'r'  if all leases were renewed and not all fields are returned; if revisions are returned, it is followed by that
--                 of each group at the end of the run, with ';' after each; if data is, it has the known versions;
--            '-'  else, followed for each beat by 's' if there are guards and one of its did not hold, or by a letter per lease:
--                 'g' granted, 'r' renewed, 'a' absent, 'f' refused for lack of memory, 'm' because the holder would have too
--                 many, or 'q' because the tenant would hold too many bytes, which are as absent. For '*', the letters begin with
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

if renewAll() then
  return { table.concat(replies) }
end

-- The rest is built only when it is needed: functions are built by every call, and these would cost as much as a batch of
-- renewals.
replies = {}
--@include beat/form
--@include membership/endLeases
--@include shared/bytes
--@include beat/grants
--@include beat/leases

local at, bundle = 3, 0
while ARGV[at] do
  local tenant, form, beats = ARGV[at], formOf(ARGV[at + 1]), tonumber(ARGV[at + 2])
  -- Leases of one beat have the same `bundle`.
  local run = { tenant = tenant, form = form, bundle = bundle }
  -- No beat changes a document, so the guards of a run are checked once.
  run.stale = form.guards > 0 and staleBeats(tenant, at + 3, form.guards, beats)
  at = at + 4 + 3 * form.guards
  local last = at + beats - 1
  reply(beats .. ';-')
  if form.held then
    beatHeld(run, at, last)
  else
    beatNamed(run, at, last)
  end
  bundle = run.bundle
  at = last + 1 + (form.held and 0 or beats + beats * form.dataCount) + form.atEnd
end
writeGranted()
saveRecords()
result[1] = table.concat(replies)
publishAppends()
saveCounters()
return result
