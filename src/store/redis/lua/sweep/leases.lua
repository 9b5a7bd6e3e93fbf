-- Expires the leases of groups.

-- Maximum number of leases of one group that are read together, so that no group delays the others.
local MAX_TAKEN = 64

-- Sorts the leases from `from` to `to` by deadline, earliest first.
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

-- Removes members whose leases do not exist, which were deleted from Redis by hand or lost: the others must still expire.
local function removeLost(tenant, group, holders)
  local membersKey = keyOf(MEMBERS, tenant, group)
  redis.call('ZREM', membersKey, unpack(holders))
  removeHolders(tenant, holders, fieldsOf(group, holders), { { group = group, from = 1, to = #holders } })
  countUp('leases', tenant, -#holders)
  if redis.call('EXISTS', membersKey) == 0 then
    deleteGroups(tenant, { group })
  end
end

-- Moves the leases of one visit that are due to the places after `dead` in the lists of `ended`, updates the lower bounds of
-- those that were renewed, and removes those that are lost. Returns the last place, and whether they are in order. The
-- lists that were read are reused: to fill others would take longer than all other work here.
local function takeDead(tenant, ended, visit, dead)
  local holders, fields, epochs = ended.holders, ended.fields, ended.epochs
  local inOrder, last, nowMs = true, 0, now(tenant)
  local renewed, lost = {}, {}
  for at = visit.from, visit.to do
    local packed = epochs[at]
    if not packed then
      lost[#lost + 1] = holders[at]
    else
      local deadline, _, epoch, flag = unpackNumbers(LEASE_FORMAT, packed)
      if deadline <= nowMs then
        dead = dead + 1
        holders[dead], fields[dead], epochs[dead] = holders[at], fields[at], epoch
        ended.lateMs[dead] = nowMs - deadline
        ended.hasData[dead] = flag == 1 and 1 or nil
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
    redis.call('ZADD', keyOf(MEMBERS, tenant, visit.group), unpack(renewed))
  end
  if #lost > 0 then
    removeLost(tenant, visit.group, lost)
  end
  return dead, inOrder
end

-- Ends the leases that are due, of those that may be. `visits`: for each group, the range from `from` to `to` in the lists.
local function endDue(tenant, holders, fields, visits)
  local stored = redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(fields))
  local ended = { holders = holders, fields = fields, epochs = stored, lateMs = {}, hasData = {}, anyData = false }
  local parts, dead, many = {}, 0, #holders
  for _, visit in ipairs(visits) do
    local from = dead + 1
    local inOrder
    dead, inOrder = takeDead(tenant, ended, visit, dead)
    if dead >= from then
      if not inOrder then
        sortByDeadline(ended, from, dead)
      end
      parts[#parts + 1] = { group = visit.group, from = from, to = dead, areFirst = dead - from == visit.to - visit.from }
    end
  end
  for at = dead + 1, many do
    holders[at], fields[at], stored[at] = nil, nil, nil
  end
  if dead > 0 then
    endLeases(tenant, 'expired', ended, parts)
  end
  budget.expiries = budget.expiries - dead
end

-- Schedules the next sweep of each group; none for a group without members.
local function reschedule(tenant, visits)
  local due, idle = {}, {}
  for _, visit in ipairs(visits) do
    local earliest = redis.call('ZRANGE', keyOf(MEMBERS, tenant, visit.group), 0, 0, 'WITHSCORES')[2]
    if earliest then
      due[#due + 1] = earliest
      due[#due + 1] = visit.member
    else
      idle[#idle + 1] = visit.member
    end
  end
  if #due > 0 then
    redis.call('ZADD', dueKeyOf(tenant), unpack(due))
  end
  if #idle > 0 then
    redis.call('ZREM', dueKeyOf(tenant), unpack(idle))
  end
end

-- Sweeps groups of a tenant together, while the budget lasts: most of the work is done once for all of them.
local function sweepGroups(tenant, groups)
  local at, nowText = 1, digits(now(tenant))
  while groups[at] and not isSpent() do
    local holders, fields, visits = {}, {}, {}
    local room = math.min(budget.expiries, MAX_TOGETHER)
    while groups[at] and room > 0 and budget.steps > 0 do
      local visit = groups[at]
      local limit = math.min(room, MAX_TAKEN)
      local suspects = redis.call('ZRANGEBYSCORE', keyOf(MEMBERS, tenant, visit.group), '-inf', nowText, 'LIMIT', 0, limit)
      visit.from = #holders + 1
      fieldsOf(visit.group, suspects, fields)
      for index = 1, #suspects do
        holders[visit.from + index - 1] = suspects[index]
      end
      visit.to = #holders
      visits[#visits + 1] = visit
      room = room - #suspects
      budget.steps = budget.steps - 1 - #suspects
      at = at + 1
    end
    if #holders > 0 then
      endDue(tenant, holders, fields, visits)
    end
    reschedule(tenant, visits)
  end
end
