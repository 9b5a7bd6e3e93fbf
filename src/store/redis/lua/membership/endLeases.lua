-- The end of leases: released or expired.
--@include membership/records
--@include membership/data
--@include membership/events
--@include shared/noteChanges

-- Deletes groups without members.
local function deleteGroups(tenant, groups)
  redis.call('HDEL', keyOf(REVISIONS, tenant, ''), unpack(groups))
  redis.call('ZREM', keyOf(GROUPS, tenant, ''), unpack(groups))
  local members, known, memberStart = {}, revisionsOf(tenant), dueMember(DUE_GROUP, tenant, '')
  for at, group in ipairs(groups) do
    known[group] = nil
    members[at] = memberStart .. group
  end
  redis.call('ZREM', dueKeyOf(tenant), unpack(members))
  if redis.call('EXISTS', keyOf(REVISIONS, tenant, '')) == 0 then
    redis.call('HDEL', keyOf(CHANGES, tenant, ''), LAST_REVISION)
  end
end

-- Leases of one group that end together, as lists: tables for each would take longer than all other work on them. The version of the data
-- is in `versions` only where there is data, and the lease as its record has it in `leases` only where the record was unpacked; without
-- any there is no list.
local function newPart(group)
  return { group = group, count = 0, holders = {}, epochs = {}, deadlines = {}, isUnsorted = false }
end

-- Adds a lease to those that end. `lease`: as its record has it; nothing where the record is not unpacked.
local function addToPart(part, holder, deadline, epoch, version, lease)
  local at = part.count + 1
  part.count, part.holders[at], part.deadlines[at], part.epochs[at] = at, holder, deadline, epoch
  if version > 0 then
    part.versions = part.versions or {}
    part.versions[at] = version
  end
  if lease then
    part.leases = part.leases or {}
    part.leases[at] = lease
  end
  part.isUnsorted = part.isUnsorted or at > 1 and deadline < part.deadlines[at - 1]
end

-- Takes the leases out of their records.
local function takeFromRecords(part)
  for _, lease in pairs(part.leases or {}) do
    removeLease(lease)
  end
end

-- Takes the leases of a part off the bytes of the tenant. Returns by how many ms each is late, and its data or false, if any have data.
local function countPart(tenant, part)
  local group, holders, many, nowMs = part.group, part.holders, part.count, now(tenant)
  local lateMs, data, bytes = part.deadlines, false, many * (leaseOverheadBytes + #group)
  for at = 1, many do
    local late = nowMs - lateMs[at]
    lateMs[at] = late > 0 and late or 0
    bytes = bytes + #holders[at]
  end
  if part.versions then
    local fields = {}
    for at = 1, many do
      fields[at] = fieldOf(group, holders[at])
    end
    data = takeData(tenant, fields, part.versions)
    for at = 1, many do
      bytes = bytes + (data[at] and #data[at] or 0)
    end
  end
  countUp('bytes', tenant, -bytes)
  return lateMs, data
end

-- Takes the holders of a part out of the members of its group. Returns how many are left. `part.areFirst`: they are the first members by
-- the lower bounds of their deadlines. Adds the key to `unlinked` if it is to be deleted.
local function takeFromMembers(membersKey, part, unlinked)
  if not part.areFirst then
    redis.call('ZREM', membersKey, unpack(part.holders))
    return redis.call('ZCARD', membersKey)
  end
  local left = redis.call('ZCARD', membersKey) - part.count
  if left > 0 then
    redis.call('ZREMRANGEBYRANK', membersKey, 0, part.count - 1)
  else
    unlinked[#unlinked + 1] = membersKey
  end
  return left
end

-- Ends leases of one group, and records it. Returns the number of leases that the group still has.
local function endInGroup(tenant, type, part, membersKey, unlinked)
  local group, many = part.group, part.count
  local lateMs, data = countPart(tenant, part)
  local count = takeFromMembers(membersKey, part, unlinked)
  recordEvents(tenant, group, {
    type = type,
    holders = part.holders,
    epochs = part.epochs,
    lateMs = type == 'expired' and lateMs,
    data = data,
    revision = seq + 1,
    count = count + many - 1,
  })
  seq = seq + many
  return count
end

-- Ends leases of one tenant, of each group those of one part. `whole`: holders whose records have nothing else and are not unpacked.
local function endLeases(tenant, type, parts, whole)
  local emptied, unlinked, newRevisions, ended = {}, {}, {}, 0
  local known, keyStart = revisionsOf(tenant), keyOf(MEMBERS, tenant, '')
  for _, part in ipairs(parts) do
    ended = ended + part.count
    takeFromRecords(part)
    if endInGroup(tenant, type, part, keyStart .. part.group, unlinked) == 0 then
      emptied[#emptied + 1], part.isLast = part.group, true
    else
      known[part.group] = seq
      newRevisions[#newRevisions + 1], newRevisions[#newRevisions + 2] = part.group, digits(seq)
    end
  end
  countUp('leases', tenant, -ended)
  noteRevisions(tenant)
  if #whole > 0 then
    redis.call('HDEL', keyOf(LEASES, tenant, ''), unpack(whole))
  end
  if #unlinked > 0 then
    redis.call('UNLINK', unpack(unlinked))
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
  endLeases(tenant, type, { part }, {})
end
