-- Shared: leases that are live, swept or not.
--@include membership/leases

-- The packed lease if it is live.
local function readLive(tenant, field)
  local packed = redis.call('HGET', keyOf('l', tenant, ''), field)
  return isLive(packed) and packed
end

-- All members less those that are dead and that nobody has swept yet: few, and all below the lower bounds that are due.
local function countLive(tenant, group)
  local zkey = keyOf('z', tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now))
  local count = redis.call('ZCARD', zkey)
  for _, field in ipairs(fieldsOf(group, suspects)) do
    if not readLive(tenant, field) then
      count = count - 1
    end
  end
  return count
end
