-- Reads single leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     per lease: tenant, group, holder
-- Returns  per lease: false if it is not live, else { remaining ms, the packed lease }
--@include partition

local answers = {}
for at = 1, #ARGV, 3 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local deadline = tonumber(redis.call('ZSCORE', keyOf('z', tenant, group), holder) or 0)
  answers[#answers + 1] = deadline > now
    and { deadline - now, redis.call('HGET', keyOf('m', tenant, group), 'h' .. holder) }
end
return answers
