-- The end of leases: released or expired.
--@include membership/records
--@include membership/data
--@include membership/events
--@include shared/noteChanges

-- Deletes groups without members.
local function deleteGroups(tenant, groups)
  redis.call('HDEL', keyOf(REVISIONS, tenant, ''), unpack(groups))
  redis.call('ZREM', keyOf(GROUPS, tenant, ''), unpack(groups))
  local members = {}
  for at, group in ipairs(groups) do
    revisionsOf(tenant)[group] = nil
    members[at] = dueMember(DUE_GROUP, tenant, group)
  end
  redis.call('ZREM', dueKeyOf(tenant), unpack(members))
  if redis.call('EXISTS', keyOf(REVISIONS, tenant, '')) == 0 then
    redis.call('HDEL', keyOf(CHANGES, tenant, ''), LAST_REVISION)
  end
end

-- Leases of one group that end together, as lists: tables for each would take longer than all other work on them.
local function newPart(group)
  return { group = group, holders = {}, epochs = {}, deadlines = {}, versions = {}, leases = {} }
end

-- Adds a lease to those that end. `lease`: as its record has it; false where the record has nothing else and was not unpacked.
local function addToPart(part, holder, deadline, epoch, version, lease)
  local at = #part.holders + 1
  part.holders[at], part.deadlines[at], part.epochs[at], part.versions[at] = holder, deadline, epoch, version
  part.leases[at] = lease
  part.anyData = part.anyData or version > 0
end

-- Takes the leases out of their records. Adds the holders of those that had nothing else to `emptied`.
local function takeFromRecords(part, emptied)
  for at, lease in ipairs(part.leases) do
    if lease then
      removeLease(lease)
    else
      emptied[#emptied + 1] = part.holders[at]
    end
  end
end

-- Ends leases of one group, and records it. Returns the number of leases that the group still has. `part.areFirst`: they are the
-- first members of the group by the lower bounds of their deadlines.
local function endInGroup(tenant, type, part)
  local group, holders, many = part.group, part.holders, #part.holders
  local lateMs = type == 'expired' and {}
  if lateMs then
    local nowMs = now(tenant)
    for at = 1, many do
      lateMs[at] = math.max(nowMs - part.deadlines[at], 0)
    end
  end
  local data = false
  if part.anyData then
    local fields = {}
    for at = 1, many do
      fields[at] = fieldOf(group, holders[at])
    end
    data = takeData(tenant, fields, part.versions)
  end
  local bytes = many * (leaseOverheadBytes + #group)
  for at = 1, many do
    bytes = bytes + #holders[at] + (data and data[at] and #data[at] or 0)
  end
  countUp('bytes', tenant, -bytes)
  local membersKey = keyOf(MEMBERS, tenant, group)
  if part.areFirst then
    redis.call('ZREMRANGEBYRANK', membersKey, 0, many - 1)
  else
    redis.call('ZREM', membersKey, unpack(holders))
  end
  local count = redis.call('ZCARD', membersKey)
  recordEvents(tenant, group, {
    type = type,
    holders = holders,
    epochs = part.epochs,
    lateMs = lateMs,
    data = data,
    first = 1,
    last = many,
    revision = seq + 1,
    count = count + many - 1,
  })
  seq = seq + many
  return count
end

-- Ends leases of one tenant, of each group those of one part.
local function endLeases(tenant, type, parts)
  local emptied, newRevisions, records, ended = {}, {}, {}, 0
  for _, part in ipairs(parts) do
    ended = ended + #part.holders
    takeFromRecords(part, records)
    if endInGroup(tenant, type, part) == 0 then
      emptied[#emptied + 1] = part.group
    else
      revisionsOf(tenant)[part.group] = seq
      newRevisions[#newRevisions + 1] = part.group
      newRevisions[#newRevisions + 1] = digits(seq)
    end
  end
  countUp('leases', tenant, -ended)
  noteRevisions(tenant)
  if #records > 0 then
    redis.call('HDEL', keyOf(LEASES, tenant, ''), unpack(records))
  end
  if #emptied > 0 then
    deleteGroups(tenant, emptied)
  end
  if #newRevisions > 0 then
    redis.call('HSET', keyOf(REVISIONS, tenant, ''), unpack(newRevisions))
  end
end

local function endLease(tenant, lease, type)
  local part = newPart(lease.group)
  addToPart(part, lease.holder, lease.deadline, lease.epoch, lease.version, lease)
  endLeases(tenant, type, { part })
end
