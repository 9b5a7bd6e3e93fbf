-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 who sweeps, 4 how many expiries at the most
-- Returns  { more is due (1 or 0), ms until something may be due or -1, tenant, steps, tenant, steps, … }
--@include documents
--@include steps

local owner, budget = ARGV[3], tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', frozen and '1' or '0')
clock[1] = digits(now)

local claim = redis.call('HMGET', KEYS[1], 'owner', 'ownerUntil')
local claimed = claim[1] and claim[1] ~= owner and tonumber(claim[2]) > wallMs
local result = { 0, -1 }
-- How many leases are looked at in a visit of a group, so that none keeps the others waiting.
local maxTaken = 64
local looks, maxLooks = 0, 2000

-- What ends, latest first.
local function inOrderOfDeadlines(ended)
  local order, late = {}, ended.lateMs
  for at = 1, #late do
    order[at] = at
  end
  table.sort(order, function(a, b)
    return late[a] > late[b] or late[a] == late[b] and a < b
  end)
  local sorted = { anyData = ended.anyData }
  for _, name in ipairs({ 'holders', 'fields', 'epochs', 'lateMs', 'hasData' }) do
    local from, to = ended[name], {}
    for at = 1, #order do
      to[at] = from[order[at]]
    end
    sorted[name] = to
  end
  return sorted
end

-- Ends what is due in a group, puts off what was renewed since, and answers how many leases were looked at.
local function sweepGroup(tenant, group, member)
  local zkey = keyOf('z', tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now), 'LIMIT', 0, math.min(budget, maxTaken))
  if #suspects > 0 then
    local asked = fieldsOf(group, suspects)
    local stored = redis.call('HMGET', keyOf('l', tenant, ''), unpack(asked))
    local holders, fields, epochs, lateMs, hasData = {}, {}, {}, {}, {}
    local renewed, gone = {}, {}
    local dead, anyData, inOrder, last = 0, false, true, 0
    for at = 1, #suspects do
      local packed = stored[at]
      if not packed then
        gone[#gone + 1] = suspects[at]
      else
        local deadline, _, epoch, flag = unpackNumbers(leaseFormat, packed)
        if deadline <= now then
          dead = dead + 1
          holders[dead], fields[dead], epochs[dead] = suspects[at], asked[at], epoch
          lateMs[dead], hasData[dead] = now - deadline, flag
          anyData = anyData or flag == 1
          inOrder = inOrder and deadline >= last
          last = deadline
        else
          renewed[#renewed + 1] = digits(deadline)
          renewed[#renewed + 1] = suspects[at]
        end
      end
    end
    if #renewed > 0 then
      redis.call('ZADD', zkey, unpack(renewed))
    end
    if dead > 0 then
      local ended = { holders = holders, fields = fields, epochs = epochs, lateMs = lateMs, hasData = hasData, anyData = anyData }
      endLeases(tenant, group, inOrder and ended or inOrderOfDeadlines(ended), 'expired', result, dead == #suspects)
      budget = budget - dead
    end
    -- Somebody took them out of Redis by hand, or Redis did: that must not keep the others from ending.
    if #gone > 0 then
      redis.call('ZREM', zkey, unpack(gone))
      removeHolders(tenant, gone, group)
      countUp('leases', tenant, -#gone)
      if redis.call('EXISTS', zkey) == 0 then
        forgetGroup(tenant, group)
      end
    end
  end
  local earliest = redis.call('ZRANGE', zkey, 0, 0, 'WITHSCORES')
  if earliest[2] then
    redis.call('ZADD', dueKey, earliest[2], member)
  else
    redis.call('ZREM', dueKey, member)
  end
  return #suspects
end

local members, at = {}, 1
while not claimed and budget > 0 and looks < maxLooks do
  if not members[at] then
    members, at = redis.call('ZRANGEBYSCORE', dueKey, '-inf', digits(now), 'LIMIT', 0, 100), 1
  end
  local member = members[at]
  if not member then
    break
  end
  at = at + 1
  looks = looks + 1
  local kind = string.sub(member, 1, 1)
  local colon = string.find(member, ':', 1, true)
  local length = tonumber(string.sub(member, 2, colon - 1))
  local tenant = string.sub(member, colon + 1, colon + length)
  local name = string.sub(member, colon + length + 1)
  if kind == 'g' then
    looks = looks + sweepGroup(tenant, name, member)
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
    local version, deadline = readVersion(tenant, collection, key)
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
if not claimed and (budget <= 0 or looks >= maxLooks) and redis.call('ZCOUNT', dueKey, '-inf', digits(now)) > 0 then
  result[1] = 1
end
publish()
saveClock()
return result
