-- Reads the lease clock; advances, freezes or thaws it; claims the sweeping of the partition; requests append notifications.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 ms to advance, 2 '1' to freeze, '0' to thaw or '' for no change, 3 owner of the claim or '', 4 ms of the claim,
--          5 ms for which appends are notified, or ''
-- Returns  { lease ms, wall ms, frozen 1 or 0, why Redis refuses writes that need memory or '' }
--@include shared/counters
--@include shared/memory

local refusal = refusalOfWrites()
-- The clock needs no more memory than it has.
if string.find(refusal, 'OOM', 1, true) then
  admitWrites()
end
local advance = tonumber(ARGV[1])
if advance > 0 or ARGV[2] ~= '' then
  now = now + advance
  if advance > 0 then
    redis.call('HINCRBY', KEYS[1], 'moved', digits(advance))
  end
  if ARGV[2] ~= '' then
    frozen = ARGV[2] == '1'
  end
  tickClock()
end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'ownerUntil', digits(wallMs + tonumber(ARGV[4])))
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'watched', digits(wallMs + tonumber(ARGV[5])))
end
saveCounters()
return { now, wallMs, frozen and 1 or 0, refusal }
