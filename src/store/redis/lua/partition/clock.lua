-- Reads the lease clock, moves it on, freezes or thaws it, claims the sweeping of the partition, or says that somebody
-- waits for appends.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 ms to advance, 2 '1' to freeze, '0' to thaw or '' to leave it, 3 who claims or '', 4 ms of the claim,
--          5 ms for which somebody waits, or ''
-- Returns  { lease ms, wall ms, frozen 1 or 0 }
--@include shared/counters

local advance = tonumber(ARGV[1])
if advance > 0 or ARGV[2] ~= '' then
  now = now + advance
  if ARGV[2] ~= '' then
    frozen = ARGV[2] == '1'
  end
  redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', frozen and '1' or '0')
  clock[1] = digits(now)
end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'ownerUntil', digits(wallMs + tonumber(ARGV[4])))
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'attended', digits(wallMs + tonumber(ARGV[5])))
end
saveClock()
return { now, wallMs, frozen and 1 or 0 }
