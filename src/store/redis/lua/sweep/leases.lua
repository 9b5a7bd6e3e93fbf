-- Expires the leases of groups.

-- Maximum number of leases of one group that are read together, so that no group delays the others.
local MAX_TAKEN = 64

-- Removes members whose leases do not exist, which were deleted from Redis by hand or lost: the others must still expire.
local function removeLost(tenant, group, holders)
  local membersKey = keyOf(MEMBERS, tenant, group)
  redis.call('ZREM', membersKey, unpack(holders))
  countUp('leases', tenant, -#holders)
  if redis.call('EXISTS', membersKey) == 0 then
    deleteGroups(tenant, { group })
  end
end

-- Adds a lease that is due to those that end together.
local function take(ended, lease)
  local part = ended.byGroup[lease.group]
  if not part then
    part = { group = lease.group, leases = {} }
    ended.byGroup[lease.group] = part
    ended.parts[#ended.parts + 1] = part
  end
  part.leases[#part.leases + 1] = lease
  lease.isTaken = true
  ended.count = ended.count + 1
end

-- Takes the leases of one visit that are due, updates the lower bounds of those that were renewed, and removes those that are lost.
-- With a lease all others of its holder that are due are taken, from any group: its record is unpacked only once. `stored`: packed
-- records by holder; those of holders that several visits have are unpacked already.
local function takeDue(tenant, ended, visit, stored)
  local nowMs, renewed, lost = now(tenant), {}, {}
  local due = {}
  for _, holder in ipairs(visit.suspects) do
    local record = recordsOf[tenant][holder]
    local lease = record and record.byGroup[visit.group]
    local deadline = lease and lease.deadline or not record and findLease(stored[holder], visit.group)
    if not deadline then
      lost[#lost + 1] = holder
    elseif deadline > nowMs then
      renewed[#renewed + 1] = digits(deadline)
      renewed[#renewed + 1] = holder
    else
      due[#due + 1] = holder
      addRecord(tenant, holder, stored[holder])
    end
  end
  for _, holder in ipairs(due) do
    local record = recordOf(tenant, holder)
    local own = record.byGroup[visit.group]
    if own and not own.isTaken then
      take(ended, own)
    end
    for _, lease in ipairs(record.leases) do
      if not lease.isTaken and not lease.isEnded and lease.deadline <= nowMs and ended.count < 2 * MAX_TOGETHER then
        take(ended, lease)
      end
    end
  end
  visit.areAllDue = #due == #visit.suspects
  if #renewed > 0 then
    redis.call('ZADD', keyOf(MEMBERS, tenant, visit.group), unpack(renewed))
  end
  if #lost > 0 then
    removeLost(tenant, visit.group, lost)
  end
end

-- Reads the records of holders: each once, although a holder may be there for many groups.
local function readRecords(tenant, holders)
  local stored, times, wanted = {}, {}, {}
  for _, holder in ipairs(holders) do
    times[holder] = (times[holder] or 0) + 1
    if times[holder] == 1 then
      wanted[#wanted + 1] = holder
    end
  end
  recordsOf[tenant] = recordsOf[tenant] or {}
  for at, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(wanted))) do
    local holder = wanted[at]
    stored[holder] = packed
    if times[holder] > 1 then
      addRecord(tenant, holder, packed)
    end
  end
  return stored
end

-- Ends the leases that are due, of those that may be. `visits`: for each group its `suspects`, all of which are in `holders`.
local function endDue(tenant, holders, visits)
  local stored = readRecords(tenant, holders)
  local ended = { parts = {}, byGroup = {}, count = 0 }
  for _, visit in ipairs(visits) do
    takeDue(tenant, ended, visit, stored)
  end
  for _, visit in ipairs(visits) do
    local part = ended.byGroup[visit.group]
    if part then
      part.areFirst = visit.areAllDue and #part.leases == #visit.suspects
    end
  end
  for _, part in ipairs(ended.parts) do
    table.sort(part.leases, function(a, b)
      return a.deadline < b.deadline or a.deadline == b.deadline and a.epoch < b.epoch
    end)
  end
  if ended.count > 0 then
    endLeases(tenant, 'expired', ended.parts)
  end
  budget.expiries = budget.expiries - ended.count
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
    local holders, visits = {}, {}
    local room = math.min(budget.expiries, MAX_TOGETHER)
    while groups[at] and room > 0 and budget.steps > 0 do
      local visit = groups[at]
      local limit = math.min(room, MAX_TAKEN)
      visit.suspects = redis.call('ZRANGEBYSCORE', keyOf(MEMBERS, tenant, visit.group), '-inf', nowText, 'LIMIT', 0, limit)
      for _, holder in ipairs(visit.suspects) do
        holders[#holders + 1] = holder
      end
      visits[#visits + 1] = visit
      room = room - #visit.suspects
      budget.steps = budget.steps - 1 - #visit.suspects
      at = at + 1
    end
    if #holders > 0 then
      endDue(tenant, holders, visits)
    end
    reschedule(tenant, visits)
  end
end
