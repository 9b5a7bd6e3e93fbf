-- Reads single leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     per lease: tenant, group, holder
-- Returns  per lease: false if it is not live, else { remaining ms, ttl ms, epoch, data or false }
--@include membership/live
--@include membership/data

local replies = {}
for at = 1, #ARGV, 3 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local packed = redis.call('HGET', keyOf(LEASES, tenant, ''), holder)
  local deadline, ttl, epoch, version = findLive(packed, group, now(tenant))
  if deadline then
    local data = version > 0 and dataAt(tenant, fieldOf(group, holder))
    replies[#replies + 1] = { deadline - now(tenant), ttl, epoch, data }
  else
    replies[#replies + 1] = false
  end
end
return replies
