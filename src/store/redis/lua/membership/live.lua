-- Reads of live leases. A lease that is due is dead, swept or not.
--@include membership/leases

-- Returns deadline, ttl, epoch, and 1 with data or 0 without, of the lease in a holder's packed record, if it is live.
local function findLive(packed, group, nowMs)
  local deadline, ttl, epoch, version = findLease(packed, group)
  if deadline and deadline > nowMs then
    return deadline, ttl, epoch, version
  end
end

-- Returns the number of live members: all less those that are dead and not yet swept, which are few and have lower bounds
-- that are due.
local function countLive(tenant, group)
  local membersKey, nowMs = keyOf(MEMBERS, tenant, group), now(tenant)
  local suspects = redis.call('ZRANGEBYSCORE', membersKey, '-inf', digits(nowMs))
  local count = redis.call('ZCARD', membersKey)
  for from = 1, #suspects, MAX_TOGETHER do
    local to = math.min(#suspects, from + MAX_TOGETHER - 1)
    for _, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(suspects, from, to))) do
      if not findLive(packed, group, nowMs) then
        count = count - 1
      end
    end
  end
  return count
end
