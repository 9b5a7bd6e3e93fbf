-- Grants of leases. They are collected, so that those that come together are written together.
--@include shared/noteChanges

-- Leases of one tenant that were granted and are not written yet.
local granted

local function newGrants(tenant)
  return { tenant = tenant, count = 0, data = {}, groups = {}, byGroup = {} }
end

-- Writes the grants so far; to be called before anything else changes or reads their groups.
local function writeGranted()
  if not granted then
    return
  end
  local tenant = granted.tenant
  if #granted.data > 0 then
    writeData(tenant, granted.data)
  end
  countUp('leases', tenant, granted.count)
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
      count = count - many + 1,
      data = members.anyData and members.data,
    })
  end
  if #newGroups > 0 then
    redis.call('ZADD', keyOf(GROUPS, tenant, ''), unpack(newGroups))
  end
  redis.call('HSET', keyOf(REVISIONS, tenant, ''), unpack(newRevisions))
  noteRevisions(tenant)
  redis.call('ZADD', dueKeyOf(tenant), 'LT', unpack(newDue))
  granted = nil
end

-- Grants a lease. Returns it.
local function grant(run, record, holder, group, data)
  local tenant, form = run.tenant, run.form
  if granted and (granted.tenant ~= tenant or granted.count >= MAX_TOGETHER) then
    writeGranted()
  end
  granted = granted or newGrants(tenant)
  local ttl = form.ttl or form.default
  local deadline = now(tenant) + ttl
  local epoch = nextSeq()
  local version = data and firstVersion(epoch) or 0
  local lease =
    { group = group, holder = holder, deadline = deadline, ttl = ttl, epoch = epoch, version = version }
  -- Not stored yet: for the replies of this call.
  lease.data = data
  addLease(record, lease, run.bundle)
  granted.count = granted.count + 1
  countUp('bytes', tenant, leaseOverheadBytes + #group + #holder + (data and #data or 0))
  if data then
    granted.data[#granted.data + 1] = fieldOf(group, holder)
    granted.data[#granted.data + 1] = data
  end
  local members = granted.byGroup[group]
  if not members then
    members = { scores = {}, holders = {}, epochs = {}, data = {}, deadline = deadline }
    granted.byGroup[group] = members
    granted.groups[#granted.groups + 1] = group
  end
  members.deadline = math.min(members.deadline, deadline)
  local at = #members.holders + 1
  members.scores[2 * at - 1], members.scores[2 * at] = digits(deadline), holder
  members.holders[at], members.epochs[at], members.data[at] = holder, lease.epoch, data
  members.anyData = members.anyData or data ~= false
  revisionsOf(tenant)[group] = lease.epoch
  return lease
end
