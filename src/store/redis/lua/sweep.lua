-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 who sweeps, 4 how many expiries at the most
-- Returns  { more is due (1 or 0), ms until something may be due or -1, tenant, steps, tenant, steps, … }
--@include partition
--@include topics
--@include packed
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
local looks = 0

-- Some lists in the order of the numbers in the first.
local function sorted(numbers, ...)
  local order = {}
  for at = 1, #numbers do
    order[at] = at
  end
  table.sort(order, function(a, b)
    return numbers[a] < numbers[b] or numbers[a] == numbers[b] and a < b
  end)
  local lists = {}
  for index, list in ipairs({ ... }) do
    lists[index] = {}
    for at = 1, #order do
      lists[index][at] = list[order[at]]
    end
  end
  return unpack(lists)
end

-- Ends what is due in a group, puts off what was renewed since, and answers how many leases were looked at.
local function sweepGroup(tenant, group, member)
  local zkey = keyOf('z', tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now), 'LIMIT', 0, math.min(budget, maxTaken))
  if #suspects > 0 then
    local asked = fieldsOf(group, suspects)
    local stored = redis.call('HMGET', keyOf('l', tenant, ''), unpack(asked))
    local holders, fields, packed, deadlines, renewed = {}, {}, {}, {}, {}
    local inOrder, last, dead = true, 0, 0
    for at = 1, #suspects do
      local deadline = unpackLease(stored[at])
      if deadline <= now then
        dead = dead + 1
        holders[dead], fields[dead], packed[dead], deadlines[dead] = suspects[at], asked[at], stored[at], deadline
        inOrder = inOrder and deadline >= last
        last = deadline
      else
        renewed[#renewed + 1] = digits(deadline)
        renewed[#renewed + 1] = suspects[at]
      end
    end
    if #renewed > 0 then
      redis.call('ZADD', zkey, unpack(renewed))
    end
    if dead > 0 then
      if not inOrder then
        holders, fields, packed = sorted(deadlines, holders, fields, packed)
      end
      endLeases(tenant, group, holders, fields, packed, 'expired', result, dead == #suspects)
      budget = budget - dead
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
while not claimed and budget > 0 and looks < 2000 do
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
if not claimed and redis.call('ZCOUNT', dueKey, '-inf', digits(now)) > 0 then
  result[1] = 1
end
publish()
saveClock()
return result
