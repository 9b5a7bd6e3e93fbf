-- Grants of leases. They are collected, so that those that come together are written together.

-- Leases of one tenant that were granted and are not written yet.
local granted

local function newGrants(tenant)
  return { tenant = tenant, fields = {}, data = {}, holders = {}, heads = {}, groups = {}, byField = {}, byGroup = {} }
end

-- Returns the packed lease.
local function grant(run, field, data)
  local tenant, form = run.tenant, run.form
  granted = granted or newGrants(tenant)
  local group, holder = groupAndHolder(field)
  local epoch = nextSeq()
  local ttl = form.ttl or form.default
  local deadline = now(tenant) + ttl
  local packed = packLease(deadline, ttl, epoch, data and 1 or 0)
  local fields, dataOf, holders = granted.fields, granted.data, granted.holders
  fields[#fields + 1] = field
  fields[#fields + 1] = packed
  granted.byField[field] = true
  if data then
    dataOf[#dataOf + 1] = field
    dataOf[#dataOf + 1] = data
  end
  holders[#holders + 1] = holder
  granted.heads[#holders] = headOf(group)
  local members = granted.byGroup[group]
  if not members then
    members = { scores = {}, holders = {}, epochs = {}, data = {}, deadline = deadline }
    granted.byGroup[group] = members
    granted.groups[#granted.groups + 1] = group
  end
  members.deadline = math.min(members.deadline, deadline)
  local at = #members.holders + 1
  members.scores[2 * at - 1], members.scores[2 * at] = digits(deadline), holder
  members.holders[at], members.epochs[at], members.data[at] = holder, epoch, data
  members.anyData = members.anyData or data ~= false
  revisionsOf(tenant)[group] = epoch
  return packed
end

local function writeGranted()
  if not granted then
    return
  end
  local tenant = granted.tenant
  writeHash(keyOf(LEASES, tenant, ''), granted.fields)
  if #granted.data > 0 then
    writeData(tenant, granted.data)
  end
  addHolders(tenant, granted.holders, granted.heads)
  countUp('leases', tenant, #granted.holders)
  local newGroups, newRevisions, newDue = {}, {}, {}
  for _, group in ipairs(granted.groups) do
    local members = granted.byGroup[group]
    local membersKey = keyOf(MEMBERS, tenant, group)
    local many = #members.holders
    redis.call('ZADD', membersKey, unpack(members.scores))
    local count = redis.call('ZCARD', membersKey)
    if count == many then
      newGroups[#newGroups + 1] = 0
      newGroups[#newGroups + 1] = group
    end
    newRevisions[#newRevisions + 1] = group
    newRevisions[#newRevisions + 1] = digits(members.epochs[many])
    newDue[#newDue + 1] = digits(members.deadline)
    newDue[#newDue + 1] = dueMember(DUE_GROUP, tenant, group)
    recordEvents(tenant, group, {
      type = 'granted',
      holders = members.holders,
      epochs = members.epochs,
      first = 1,
      last = many,
      count = count - many + 1,
      data = members.anyData and members.data,
    })
  end
  if #newGroups > 0 then
    redis.call('ZADD', keyOf(GROUPS, tenant, ''), unpack(newGroups))
  end
  redis.call('HSET', keyOf(REVISIONS, tenant, ''), unpack(newRevisions))
  redis.call('ZADD', dueKeyOf(tenant), 'LT', unpack(newDue))
  granted = nil
end

-- Returns whether grants must be written before the leases of these fields are read: one of them is among the grants, or
-- no more grants fit.
local function mustWriteGranted(tenant, fields, from, to)
  if not granted then
    return false
  end
  if granted.tenant ~= tenant or #granted.holders + to - from >= MAX_TOGETHER then
    return true
  end
  for at = from, to do
    if granted.byField[fields[at]] then
      return true
    end
  end
  return false
end
