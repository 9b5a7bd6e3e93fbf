-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 who sweeps, 4 how many expiries at the most
-- Returns  { more is due (1 or 0), ms until something may be due or -1, tenant, event, tenant, event, … }
--@include partition
--@include topics
--@include leases
--@include documents

local owner, budget = ARGV[3], tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', frozen and '1' or '0')
clock[1] = digits(now)

local claim = redis.call('HMGET', KEYS[1], 'owner', 'ownerUntil')
local claimed = claim[1] and claim[1] ~= owner and tonumber(claim[2]) > wallMs
local result = { 0, -1 }
local visits = 0
while not claimed and budget > 0 and visits < 2000 do
  local member = redis.call('ZRANGEBYSCORE', dueKey, '-inf', digits(now), 'LIMIT', 0, 1)[1]
  if not member then
    break
  end
  visits = visits + 1
  local kind = string.sub(member, 1, 1)
  local colon = string.find(member, ':', 1, true)
  local length = tonumber(string.sub(member, 2, colon - 1))
  local tenant = string.sub(member, colon + 1, colon + length)
  local name = string.sub(member, colon + length + 1)
  if kind == 'g' then
    local zkey = keyOf('z', tenant, name)
    local ended = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now), 'WITHSCORES', 'LIMIT', 0, math.min(budget, 500))
    if #ended > 0 then
      budget = budget - #ended / 2
      endLeases(tenant, name, ended, 'expired', result)
    end
    -- What was renewed since, or is due later, is looked at again then.
    local earliest = redis.call('ZRANGE', zkey, 0, 0, 'WITHSCORES')
    if earliest[1] then
      redis.call('ZADD', dueKey, earliest[2], member)
    else
      redis.call('ZREM', dueKey, member)
    end
  elseif kind == 't' then
    local deadline = redis.call('HGET', keyOf('t', tenant, ''), name)
    if deadline and (deadline == '' or tonumber(deadline) > now) then
      if deadline == '' then
        redis.call('ZREM', dueKey, member)
      else
        redis.call('ZADD', dueKey, deadline, member)
      end
    else
      redis.call('DEL', keyOf('s', tenant, name))
      redis.call('ZREM', dueKey, member)
      if redis.call('HDEL', keyOf('t', tenant, ''), name) == 1 then
        countUp('topics', tenant, -1)
      end
    end
  else
    local split = string.find(name, ':', 1, true)
    local collectionLength = tonumber(string.sub(name, 1, split - 1))
    local collection = string.sub(name, split + 1, split + collectionLength)
    local key = string.sub(name, split + collectionLength + 1)
    local version, deadline = readDocument(tenant, collection, key)
    if not version then
      deleteDocument(tenant, collection, key)
      redis.call('ZREM', dueKey, member)
    elseif deadline then
      redis.call('ZADD', dueKey, digits(deadline), member)
    else
      redis.call('ZREM', dueKey, member)
    end
  end
end

if not frozen then
  local earliest = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if earliest[2] then
    result[2] = math.max(tonumber(earliest[2]) - now, 0)
  end
end
if not claimed and redis.call('ZCOUNT', dueKey, '-inf', digits(now)) > 0 then
  result[1] = 1
end
publish()
saveClock()
return result
