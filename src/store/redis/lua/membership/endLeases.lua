-- The end of leases: released or expired.
--@include membership/leases
--@include membership/data
--@include membership/holderIndex
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

-- Removes leases of one tenant. `ended` has lists of their holders, fields, epochs, lateness and which have data (1), and
-- whether any has. `parts`: for each group, the range from `from` to `to` in the lists, and whether these are the first
-- members of the group by deadline (`areFirst`).
local function endLeases(tenant, type, ended, parts)
  local holders = ended.holders
  local data = ended.anyData and takeData(tenant, ended.fields, ended.hasData)
  redis.call('HDEL', keyOf(LEASES, tenant, ''), unpack(ended.fields))
  removeHolders(tenant, holders, ended.fields, parts)
  countUp('leases', tenant, -#holders)
  local lateMs = type == 'expired' and ended.lateMs
  local events = { type = type, holders = holders, epochs = ended.epochs, lateMs = lateMs, data = data }
  local emptied, newRevisions = {}, {}
  for _, part in ipairs(parts) do
    local group, from, to = part.group, part.from, part.to
    local membersKey = keyOf(MEMBERS, tenant, group)
    local many = to - from + 1
    if part.areFirst then
      redis.call('ZREMRANGEBYRANK', membersKey, 0, many - 1)
    else
      redis.call('ZREM', membersKey, unpack(holders, from, to))
    end
    local count = redis.call('ZCARD', membersKey)
    events.first, events.last = from, to
    events.revision, events.count = seq + 1, count + many - 1
    recordEvents(tenant, group, events)
    seq = seq + many
    if count == 0 then
      emptied[#emptied + 1] = group
    else
      revisionsOf(tenant)[group] = seq
      newRevisions[#newRevisions + 1] = group
      newRevisions[#newRevisions + 1] = digits(seq)
    end
  end
  if #emptied > 0 then
    deleteGroups(tenant, emptied)
  end
  if #newRevisions > 0 then
    redis.call('HSET', keyOf(REVISIONS, tenant, ''), unpack(newRevisions))
  end
end

local function endLease(tenant, field, packed, type)
  local group, holder = groupAndHolder(field)
  local deadline, _, epoch, flag = unpackLease(packed)
  endLeases(tenant, type, {
    holders = { holder },
    fields = { field },
    epochs = { epoch },
    lateMs = { math.max(now(tenant) - deadline, 0) },
    hasData = { flag },
    anyData = flag == 1,
  }, { { group = group, from = 1, to = 1 } })
end
