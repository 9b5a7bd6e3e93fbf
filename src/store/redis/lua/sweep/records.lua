-- Takes what is due from the records of holders: mostly as they are, without a table for each lease.

-- How many leases of a bundle are unpacked by one call.
local UNPACKED_TOGETHER = 100
local TAKEN = 'taken'

-- Leases that end together, at most `most`: `parts` by group, and `whole`, the holders whose records end as they are. `stored`: packed
-- records by holder, and TAKEN, which is none, for those that end as they are.
local function newEnded(most, stored)
  return { most = most, stored = stored, count = 0, parts = {}, byGroup = {}, byNames = {}, whole = {} }
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

-- Returns the parts of the groups of names: holders that have the same groups have the same names.
local function partsOf(ended, names)
  local parts = ended.byNames[names]
  if not parts then
    parts = groupsOfNames(names)
    for at, group in ipairs(parts) do
      parts[at] = partOf(ended, group)
    end
    ended.byNames[names] = parts
  end
  return parts
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

-- Takes the leases of the bundle that begins at a position of a record. Returns the position after it.
local function takeBundle(ended, holder, packed, at)
  local deadline, _, many, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
  local numbersAt, format = at + HEAD_BYTES, nil
  local namesAt = numbersAt + NUMBERS_BYTES * many
  local parts = partsOf(ended, string.sub(packed, namesAt, namesAt + bytes - 1))
  for from = 1, many, UNPACKED_TOGETHER do
    local length = math.min(UNPACKED_TOGETHER, many - from + 1)
    format = (length == UNPACKED_TOGETHER and format) or '>' .. string.rep(NUMBERS_PART, length)
    local numbers = { unpackNumbers(format, packed, numbersAt + NUMBERS_BYTES * (from - 1)) }
    for index = 1, length do
      addToPart(parts[from + index - 1], holder, deadline, numbers[2 * index - 1], numbers[2 * index])
    end
  end
  return namesAt + bytes
end

-- Takes a record that is a row, as it is, if all of its leases are due. Returns whether it did; nothing if they are more than may end now.
local function takeRow(ended, holder, packed, nowMs)
  local at, count = 2, 0
  while at <= #packed do
    local deadline, _, many, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    if deadline > nowMs then
      return false
    end
    at, count = at + HEAD_BYTES + NUMBERS_BYTES * many + bytes, count + many
  end
  if ended.count + count > ended.most then
    return nil
  end
  at = 2
  while at <= #packed do
    at = takeBundle(ended, holder, packed, at)
  end
  ended.count = ended.count + count
  ended.whole[#ended.whole + 1], ended.stored[holder] = holder, TAKEN
  return true
end

-- Takes the lease of a holder on a group if it is due, and all others of its record that are. Returns its deadline if it is not due, false
-- if it does not exist, and nothing if no more leases may end now.
local function takeHolder(tenant, ended, group, holder)
  local nowMs, packed, record = now(tenant), ended.stored[holder], recordsOf[tenant][holder]
  if not record and packed then
    if string.byte(packed) ~= ROW then
      if string.sub(packed, SINGLE_BYTES + 1) ~= group then
        return false
      end
      local deadline, _, epoch, version = unpackNumbers(SINGLE_FORMAT, packed)
      if deadline <= nowMs then
        addToPart(partOf(ended, group), holder, deadline, epoch, version)
        ended.count = ended.count + 1
        ended.whole[#ended.whole + 1], ended.stored[holder] = holder, TAKEN
      end
      return deadline
    end
    local isTaken = takeRow(ended, holder, packed, nowMs)
    if isTaken then
      return nowMs
    end
    if isTaken == nil and ended.count > 0 then
      return nil
    end
  end
  local lease = record and record.byGroup[group]
  local deadline = lease and lease.deadline or not record and findLease(packed, group)
  if deadline and deadline <= nowMs then
    addRecord(tenant, holder, packed)
    takeRecord(ended, recordOf(tenant, holder), group, nowMs)
  end
  return deadline or false
end

-- Takes the leases of one visit if all are due, and each is the only one of its holder. Returns whether it did.
local function takeSingles(ended, visit, nowMs)
  local group, suspects, many, stored = visit.group, visit.suspects, visit.count, ended.stored
  if many == 0 or ended.count + many > ended.most or ended.byGroup[group] then
    return false
  end
  local length, groupPlace, find = SINGLE_BYTES + #group, SINGLE_BYTES + 1, string.find
  -- Filled with names, so that the tables have their final size.
  local epochs, deadlines, versions, isUnsorted = { unpack(suspects) }, { unpack(suspects) }, nil, false
  for at = 1, many do
    local packed = stored[suspects[at]]
    if not packed or packed == TAKEN or #packed ~= length or find(packed, group, groupPlace, true) ~= groupPlace then
      return false
    end
    local deadline, _, epoch, version = unpackNumbers(SINGLE_FORMAT, packed)
    -- A row that only looks like the record of a single lease has a deadline that is never due.
    if deadline > nowMs then
      return false
    end
    isUnsorted = isUnsorted or at > 1 and deadline < deadlines[at - 1]
    deadlines[at], epochs[at] = deadline, epoch
    if version > 0 then
      versions = versions or {}
      versions[at] = version
    end
  end
  local part = { group = group, count = many, holders = suspects, epochs = epochs, deadlines = deadlines, versions = versions }
  part.isUnsorted = isUnsorted
  ended.byGroup[group], ended.parts[#ended.parts + 1] = part, part
  ended.count = ended.count + many
  local whole = ended.whole
  local last = #whole
  for at = 1, many do
    whole[last + at], stored[suspects[at]] = suspects[at], TAKEN
  end
  return true
end
