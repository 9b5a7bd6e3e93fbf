-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 who sweeps, 4 how many expiries at the most
-- Returns  { more is due (1 or 0), ms until something may be due or -1, tenant, steps, tenant, steps, … }
--@include shared/documents
--@include membership/steps

local owner, budget = ARGV[3], tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', frozen and '1' or '0')
clock[1] = digits(now)

local claim = redis.call('HMGET', KEYS[1], 'owner', 'ownerUntil')
local claimed = claim[1] and claim[1] ~= owner and tonumber(claim[2]) > wallMs
local result = { 0, -1 }
-- How many leases of a group are looked at at once, so that none keeps the others waiting.
local maxTaken = 64
local looks, maxLooks = 0, 2000

-- Puts the leases from `from` to `to` in order, latest first.
local function sortByDeadline(ended, from, to)
  local order, late = {}, ended.lateMs
  for at = from, to do
    order[#order + 1] = at
  end
  table.sort(order, function(a, b)
    return late[a] > late[b] or late[a] == late[b] and a < b
  end)
  for _, name in ipairs({ 'holders', 'fields', 'epochs', 'lateMs', 'hasData' }) do
    local list, sorted = ended[name], {}
    for at = 1, #order do
      sorted[at] = list[order[at]]
    end
    for at = 1, #order do
      list[from + at - 1] = sorted[at]
    end
  end
end

-- Somebody took leases out of Redis by hand, or Redis did: that must not keep the others from ending.
local function forgetLost(tenant, group, holders)
  local zkey = keyOf('z', tenant, group)
  redis.call('ZREM', zkey, unpack(holders))
  removeHolders(tenant, holders, fieldsOf(group, holders), { { group = group, from = 1, to = #holders } })
  countUp('leases', tenant, -#holders)
  if redis.call('EXISTS', zkey) == 0 then
    forgetGroups(tenant, { group })
  end
end

-- Of the leases that may be due, of which each group in `visits` has those from `from` to `to`: ends what is due, and puts off
-- what was renewed since.
local function endDue(tenant, holders, fields, visits)
  local epochs, lateMs, hasData = redis.call('HMGET', keyOf('l', tenant, ''), unpack(fields)), {}, {}
  local ended = { holders = holders, fields = fields, epochs = epochs, lateMs = lateMs, hasData = hasData, anyData = false }
  local parts, dead, many = {}, 0, #holders
  for _, visit in ipairs(visits) do
    local from, inOrder, last = dead + 1, true, 0
    local renewed, lost = {}, {}
    for at = visit.from, visit.to do
      local packed = epochs[at]
      if not packed then
        lost[#lost + 1] = holders[at]
      else
        local deadline, _, epoch, flag = unpackNumbers(leaseFormat, packed)
        if deadline <= now then
          -- What ends moves up in the lists that were read: to fill others would take longer than all else that is done here.
          dead = dead + 1
          holders[dead], fields[dead], epochs[dead], lateMs[dead] = holders[at], fields[at], epoch, now - deadline
          hasData[dead] = flag == 1 and 1 or nil
          ended.anyData = ended.anyData or flag == 1
          inOrder = inOrder and deadline >= last
          last = deadline
        else
          renewed[#renewed + 1] = digits(deadline)
          renewed[#renewed + 1] = holders[at]
        end
      end
    end
    if #renewed > 0 then
      redis.call('ZADD', keyOf('z', tenant, visit.group), unpack(renewed))
    end
    if #lost > 0 then
      forgetLost(tenant, visit.group, lost)
    end
    if dead >= from then
      if not inOrder then
        sortByDeadline(ended, from, dead)
      end
      parts[#parts + 1] = { group = visit.group, from = from, to = dead, areFirst = dead - from == visit.to - visit.from }
    end
  end
  for at = dead + 1, many do
    holders[at], fields[at], epochs[at] = nil, nil, nil
  end
  if dead > 0 then
    endLeases(tenant, 'expired', ended, parts, result)
  end
  budget = budget - dead
end

-- Notes when next something may be due in groups, if anything.
local function arm(tenant, visits)
  local due, idle = {}, {}
  for _, visit in ipairs(visits) do
    local earliest = redis.call('ZRANGE', keyOf('z', tenant, visit.group), 0, 0, 'WITHSCORES')[2]
    if earliest then
      due[#due + 1] = earliest
      due[#due + 1] = visit.member
    else
      idle[#idle + 1] = visit.member
    end
  end
  if #due > 0 then
    redis.call('ZADD', dueKey, unpack(due))
  end
  if #idle > 0 then
    redis.call('ZREM', dueKey, unpack(idle))
  end
end

-- Sweeps groups of a tenant together, for as long as there is budget: what is done once for all of them is most of it.
local function sweepGroups(tenant, groups)
  local at = 1
  while groups[at] and budget > 0 and looks < maxLooks do
    local holders, fields, visits = {}, {}, {}
    local room = math.min(budget, maxTogether)
    while groups[at] and room > 0 and looks < maxLooks do
      local visit = groups[at]
      local limit = math.min(room, maxTaken)
      local suspects = redis.call('ZRANGEBYSCORE', keyOf('z', tenant, visit.group), '-inf', digits(now), 'LIMIT', 0, limit)
      visit.from = #holders + 1
      fieldsOf(visit.group, suspects, fields)
      for index = 1, #suspects do
        holders[visit.from + index - 1] = suspects[index]
      end
      visit.to = #holders
      visits[#visits + 1] = visit
      room = room - #suspects
      looks = looks + 1 + #suspects
      at = at + 1
    end
    if #holders > 0 then
      endDue(tenant, holders, fields, visits)
    end
    arm(tenant, visits)
  end
end

local function sweepHolders(tenant, member)
  local looked = removeEnded(tenant)
  budget = budget - looked
  looks = looks + looked
  if looked == 0 then
    redis.call('ZREM', dueKey, member)
  end
end

local function sweepTopic(tenant, topic, member)
  local deadline = redis.call('HGET', keyOf('t', tenant, ''), topic)
  if deadline == '' then
    redis.call('ZREM', dueKey, member)
  elseif deadline and tonumber(deadline) > now then
    redis.call('ZADD', dueKey, deadline, member)
  else
    redis.call('DEL', keyOf('s', tenant, topic))
    redis.call('ZREM', dueKey, member)
    if redis.call('HDEL', keyOf('t', tenant, ''), topic) == 1 then
      countUp('topics', tenant, -1)
    end
  end
end

local function sweepDocument(tenant, name, member)
  local colon = string.find(name, ':', 1, true)
  local length = tonumber(string.sub(name, 1, colon - 1))
  local collection = string.sub(name, colon + 1, colon + length)
  local key = string.sub(name, colon + length + 1)
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

while not claimed and budget > 0 and looks < maxLooks do
  local members = redis.call('ZRANGEBYSCORE', dueKey, '-inf', digits(now), 'LIMIT', 0, 100)
  if #members == 0 then
    break
  end
  local tenants, groupsOf = {}, {}
  for _, member in ipairs(members) do
    local kind = string.sub(member, 1, 1)
    local colon = string.find(member, ':', 1, true)
    local length = tonumber(string.sub(member, 2, colon - 1))
    local tenant = string.sub(member, colon + 1, colon + length)
    local name = string.sub(member, colon + length + 1)
    if kind == 'g' then
      local groups = groupsOf[tenant]
      if not groups then
        groups = {}
        groupsOf[tenant] = groups
        tenants[#tenants + 1] = tenant
      end
      groups[#groups + 1] = { group = name, member = member }
    else
      looks = looks + 1
      if kind == 'h' then
        sweepHolders(tenant, member)
      elseif kind == 't' then
        sweepTopic(tenant, name, member)
      else
        sweepDocument(tenant, name, member)
      end
    end
  end
  for _, tenant in ipairs(tenants) do
    sweepGroups(tenant, groupsOf[tenant])
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
