-- Expires the leases of groups.

-- Maximum number of leases of one group that are read together, so that no group delays the others.
local MAX_TAKEN = 64

-- Removes members whose leases do not exist, which were deleted from Redis by hand or lost: the others must still expire.
local function removeLost(tenant, group, holders)
  local membersKey = keyOf(MEMBERS, tenant, group)
  redis.call('ZREM', membersKey, unpack(holders))
  countUp('leases', tenant, -#holders)
  for _, holder in ipairs(holders) do
    countUp('bytes', tenant, -leaseOverheadBytes - #group - #holder)
  end
  if redis.call('EXISTS', membersKey) == 0 then
    nextSeq()
    noteRevisions(tenant)
    deleteGroups(tenant, { group })
  end
end

-- Returns the part of those that end together that has the leases of a group.
local function partOf(ended, group)
  local part = ended.byGroup[group]
  if not part then
    part = newPart(group)
    ended.byGroup[group] = part
    ended.parts[#ended.parts + 1] = part
  end
  return part
end

local function take(ended, lease)
  addToPart(partOf(ended, lease.group), lease.holder, lease.deadline, lease.epoch, lease.version, lease)
  lease.isTaken = true
  ended.count = ended.count + 1
end

-- Takes all leases of a record that are due, from any group: it is unpacked only once.
local function takeRecord(ended, record, group, nowMs)
  local own = record.byGroup[group]
  if own and not own.isTaken then
    take(ended, own)
  end
  for _, lease in ipairs(record.leases) do
    if not lease.isTaken and not lease.isEnded and lease.deadline <= nowMs and ended.count < ended.most then
      take(ended, lease)
    end
  end
end

-- Takes the leases of one visit that are due, and with each all others of its holder; updates the lower bounds of those that were
-- renewed, and removes those that are lost. `stored`: packed records by holder; those of holders that several visits have are unpacked
-- already.
local function takeDue(tenant, ended, visit, stored)
  local nowMs, records, group = now(tenant), recordsOf[tenant], visit.group
  local length, groupPlace = SINGLE_BYTES + #group, SINGLE_BYTES + 1
  local renewed, lost, part, isCut = {}, {}, nil, false
  for _, holder in ipairs(visit.suspects) do
    if ended.count >= ended.most then
      -- The rest stays due.
      isCut = true
      break
    end
    local packed, record = stored[holder], records[holder]
    local lease = record and record.byGroup[group]
    local deadline, epoch, version, _
    if not record and packed and #packed == length and string.find(packed, group, groupPlace, true) == groupPlace then
      deadline, _, epoch, version = unpackNumbers(SINGLE_FORMAT, packed)
    end
    -- It is a record of nothing but a lease of this group, unless it only looks so.
    local isOnly = deadline and deadline < ROW_DEADLINE
    if not isOnly then
      deadline = lease and lease.deadline or not record and findLease(packed, group)
    end
    if not deadline then
      lost[#lost + 1] = holder
    elseif deadline > nowMs then
      renewed[#renewed + 1] = digits(deadline)
      renewed[#renewed + 1] = holder
    elseif isOnly then
      part = part or partOf(ended, group)
      addToPart(part, holder, deadline, epoch, version, false)
      ended.count = ended.count + 1
    else
      addRecord(tenant, holder, packed)
      takeRecord(ended, recordOf(tenant, holder), group, nowMs)
    end
  end
  visit.areAllDue = #renewed == 0 and #lost == 0 and not isCut
  if #renewed > 0 then
    redis.call('ZADD', keyOf(MEMBERS, tenant, group), unpack(renewed))
  end
  if #lost > 0 then
    removeLost(tenant, group, lost)
  end
end

-- Sorts the leases of a part by deadline, earliest first.
local function sortPart(part)
  local deadlines, epochs, order, isSorted = part.deadlines, part.epochs, {}, true
  for at = 1, #deadlines do
    order[at] = at
    isSorted = isSorted and (at == 1 or deadlines[at - 1] <= deadlines[at])
  end
  if isSorted then
    return
  end
  table.sort(order, function(a, b)
    return deadlines[a] < deadlines[b] or deadlines[a] == deadlines[b] and epochs[a] < epochs[b]
  end)
  for _, name in ipairs({ 'holders', 'epochs', 'deadlines', 'versions', 'leases' }) do
    local list, sorted = part[name], {}
    for at = 1, #order do
      sorted[at] = list[order[at]]
    end
    part[name] = sorted
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
  -- A record is taken whole although that may be more than was asked for, within a bound.
  local ended = { parts = {}, byGroup = {}, count = 0, most = 2 * math.min(budget.expiries, MAX_TOGETHER) }
  for _, visit in ipairs(visits) do
    takeDue(tenant, ended, visit, stored)
  end
  for _, visit in ipairs(visits) do
    local part = ended.byGroup[visit.group]
    if part then
      part.areFirst = visit.areAllDue and #part.holders == #visit.suspects
    end
  end
  for _, part in ipairs(ended.parts) do
    sortPart(part)
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
