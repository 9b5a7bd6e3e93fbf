-- Reads single leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     per lease: tenant, group, holder
-- Returns  per lease: false if it is not live, else { remaining ms, ttl ms, epoch, data or false }
--@include membership/live
--@include membership/data

local replies = {}
for at = 1, #ARGV, 3 do
  local tenant, field = ARGV[at], headOf(ARGV[at + 1]) .. ARGV[at + 2]
  local packed = readLive(tenant, field)
  if packed then
    local deadline, ttl, epoch = unpackLease(packed)
    replies[#replies + 1] = { deadline - now(tenant), ttl, epoch, hasData(packed) and dataAt(tenant, field) }
  else
    replies[#replies + 1] = false
  end
end
return replies
