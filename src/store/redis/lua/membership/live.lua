-- Reads of live leases. A lease that is due is dead, swept or not.
--@include membership/leases

-- Returns the packed lease if it is live.
local function readLive(tenant, field)
  local packed = redis.call('HGET', keyOf(LEASES, tenant, ''), field)
  return isLive(tenant, packed) and packed
end

-- Returns the number of live members: all less those that are dead and not yet swept, which are few and have lower bounds
-- that are due.
local function countLive(tenant, group)
  local membersKey = keyOf(MEMBERS, tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', membersKey, '-inf', digits(now(tenant)))
  local count = redis.call('ZCARD', membersKey)
  for _, field in ipairs(fieldsOf(group, suspects)) do
    if not readLive(tenant, field) then
      count = count - 1
    end
  end
  return count
end
