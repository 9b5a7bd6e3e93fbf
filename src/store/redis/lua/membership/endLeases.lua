-- The end of leases: released or expired.
--@include membership/records
--@include membership/data
--@include membership/events

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
end

-- Ends leases of one group, and records it. Returns the number of leases that the group still has. `areFirst`: they are the first
-- members of the group by the lower bounds of their deadlines.
local function endInGroup(tenant, type, group, leases, areFirst)
  local nowMs, many = now(tenant), #leases
  local holders, fields, epochs, lateMs, flags = {}, {}, {}, {}, {}
  local hasAnyData = false
  for at, lease in ipairs(leases) do
    removeLease(lease)
    holders[at], epochs[at], flags[at] = lease.holder, lease.epoch, lease.flag
    lateMs[at] = math.max(nowMs - lease.deadline, 0)
    hasAnyData = hasAnyData or lease.flag == 1
  end
  if hasAnyData then
    for at, lease in ipairs(leases) do
      fields[at] = fieldOf(group, lease.holder)
    end
  end
  local membersKey = keyOf(MEMBERS, tenant, group)
  if areFirst then
    redis.call('ZREMRANGEBYRANK', membersKey, 0, many - 1)
  else
    redis.call('ZREM', membersKey, unpack(holders))
  end
  local count = redis.call('ZCARD', membersKey)
  recordEvents(tenant, group, {
    type = type,
    holders = holders,
    epochs = epochs,
    lateMs = type == 'expired' and lateMs,
    data = hasAnyData and takeData(tenant, fields, flags),
    first = 1,
    last = many,
    revision = seq + 1,
    count = count + many - 1,
  })
  seq = seq + many
  return count
end

-- Ends leases of one tenant. `parts`: for each group, its `leases`, and `areFirst` (endInGroup).
local function endLeases(tenant, type, parts)
  local emptied, newRevisions, ended = {}, {}, 0
  for _, part in ipairs(parts) do
    local group = part.group
    ended = ended + #part.leases
    if endInGroup(tenant, type, group, part.leases, part.areFirst) == 0 then
      emptied[#emptied + 1] = group
    else
      revisionsOf(tenant)[group] = seq
      newRevisions[#newRevisions + 1] = group
      newRevisions[#newRevisions + 1] = digits(seq)
    end
  end
  countUp('leases', tenant, -ended)
  if #emptied > 0 then
    deleteGroups(tenant, emptied)
  end
  if #newRevisions > 0 then
    redis.call('HSET', keyOf(REVISIONS, tenant, ''), unpack(newRevisions))
  end
end

local function endLease(tenant, lease, type)
  endLeases(tenant, type, { { group = lease.group, leases = { lease } } })
end
