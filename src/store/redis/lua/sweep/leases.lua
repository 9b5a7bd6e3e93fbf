-- Expires the leases of groups.

-- Maximum number of leases of one group that are read together, so that no group delays the others.
local MAX_TAKEN = 64
-- How many records are read first, and about how many bytes of them from then on: a record with many leases has many that are due.
local FIRST_READ = 16
local BYTES_OF_LEASE = 32
--@include sweep/records

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

-- Takes the leases of one visit that are due, and with each all others of its holder; updates the lower bounds of those that were
-- renewed, and removes those that are lost.
local function takeDue(tenant, ended, visit)
  local nowMs, group = now(tenant), visit.group
  visit.areAllDue = takeSingles(ended, visit, nowMs)
  if visit.areAllDue then
    return
  end
  local renewed, lost, isCut = {}, {}, false
  for _, holder in ipairs(visit.suspects) do
    if ended.stored[holder] ~= TAKEN then
      local deadline = nil
      if ended.count < ended.most then
        deadline = takeHolder(tenant, ended, group, holder)
      end
      if deadline == nil then
        -- The rest stays due.
        isCut = true
        break
      elseif not deadline then
        lost[#lost + 1] = holder
      elseif deadline > nowMs then
        renewed[#renewed + 1], renewed[#renewed + 2] = digits(deadline), holder
      end
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
  if not part.isUnsorted then
    return
  end
  local deadlines, epochs, order = part.deadlines, part.epochs, {}
  for at = 1, part.count do
    order[at] = at
  end
  table.sort(order, function(a, b)
    return deadlines[a] < deadlines[b] or deadlines[a] == deadlines[b] and epochs[a] < epochs[b]
  end)
  for _, name in ipairs({ 'holders', 'epochs', 'deadlines', 'versions', 'leases' }) do
    local list = part[name]
    if list then
      part[name] = {}
      for at = 1, #order do
        part[name][at] = list[order[at]]
      end
    end
  end
end

-- Reads the records of holders: each once, although a holder may be there for many groups. Returns also how many bytes a record has.
local function readRecords(tenant, holders)
  local stored, wanted, bytes = {}, {}, 0
  for _, holder in ipairs(holders) do
    if stored[holder] == nil then
      stored[holder], wanted[#wanted + 1] = false, holder
    end
  end
  recordsOf[tenant] = recordsOf[tenant] or {}
  for at, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(wanted))) do
    stored[wanted[at]], bytes = packed, bytes + (packed and #packed or 0)
  end
  return stored, bytes / #wanted
end

-- Ends the leases that are due, of those that may be. `visits`: for each group its `suspects`, all of which are in `holders`. Returns how
-- many bytes a record has.
local function endDue(tenant, holders, visits)
  local stored, bytes = readRecords(tenant, holders)
  -- A record is taken whole although that may be more than was asked for, within a bound.
  local ended = newEnded(2 * math.min(budget.expiries, MAX_TOGETHER), stored)
  for _, visit in ipairs(visits) do
    takeDue(tenant, ended, visit)
  end
  for _, visit in ipairs(visits) do
    visit.part = ended.byGroup[visit.group]
    if visit.part then
      visit.part.areFirst = visit.areAllDue and visit.part.count == visit.count
    end
  end
  for _, part in ipairs(ended.parts) do
    sortPart(part)
  end
  if ended.count > 0 then
    endLeases(tenant, 'expired', ended.parts, ended.whole)
  end
  budget.expiries = budget.expiries - ended.count
  return bytes
end

-- Schedules the next sweep of each group; none for a group without members.
local function reschedule(tenant, visits)
  local due, idle = {}, {}
  for _, visit in ipairs(visits) do
    -- A group whose last lease ended is gone already.
    if not (visit.part and visit.part.isLast) then
      local earliest = redis.call('ZRANGE', keyOf(MEMBERS, tenant, visit.group), 0, 0, 'WITHSCORES')[2]
      if earliest then
        due[#due + 1], due[#due + 2] = earliest, visit.member
      else
        idle[#idle + 1] = visit.member
      end
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
  local at, nowText, together, keyStart = 1, digits(now(tenant)), FIRST_READ, keyOf(MEMBERS, tenant, '')
  while groups[at] and not isSpent() do
    local holders, visits = {}, {}
    local room = math.min(budget.expiries, together, MAX_TOGETHER)
    while groups[at] and room > 0 and budget.steps > 0 do
      local visit = groups[at]
      local limit = math.min(room, MAX_TAKEN)
      local suspects = redis.call('ZRANGEBYSCORE', keyStart .. visit.group, '-inf', nowText, 'LIMIT', 0, limit)
      local many, last = #suspects, #holders
      for index = 1, many do
        holders[last + index] = suspects[index]
      end
      visit.suspects, visit.count, visits[#visits + 1] = suspects, many, visit
      room = room - many
      budget.steps = budget.steps - 1 - many
      at = at + 1
    end
    if #holders > 0 then
      local bytes = endDue(tenant, holders, visits)
      together = math.max(FIRST_READ, math.floor(BYTES_OF_LEASE * budget.expiries / math.max(bytes, BYTES_OF_LEASE)))
    end
    reschedule(tenant, visits)
  end
end
