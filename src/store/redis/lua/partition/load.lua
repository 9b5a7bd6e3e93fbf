-- Replaces all data of a tenant and its clock, without events; watches stay. The node has checked the dump.
--
-- KEYS[1]  the partition's clock
-- ARGV     tenant, offset ms, '1' frozen or '0', microseconds of the last timetoken, the greatest epoch, revision or
--          version, then four lists, each with its length before it: leases (group, holder, ttl, remaining ms, epoch or '0',
--          '1' with data or '0', data)*, (group, revision)*, documents (collection, key, version or '0', value, remaining ms
--          or '')*, topics (topic, remaining ms or '', number of entries, (position or '0', payload)*)*
-- Returns  { 0 }, or { 1 } if nothing was changed, because the clock would be before 1970 or after the last date
--@include shared/ownClocks
--@include shared/memory
--@include partition/dropTenant
--@include membership/data
--@include membership/records
--@include shared/topics

-- A script that has written something is refused nothing: this one asks before.
local refusal = refusalOfWrites()
if refusal ~= '' then
  return redis.error_reply((string.gsub(refusal, '^%-', '')))
end

-- Leases of a holder that are written as one bundle, whose names must not be too long together.
local MAX_BUNDLE = 256

local at = 1
local function take()
  at = at + 1
  return ARGV[at - 1]
end
local function takeNumber()
  return tonumber(take())
end

local function numberOr(given, fresh)
  return given == 0 and fresh() or given
end

local function placeClock(tenant, clock)
  dropOwnClock(tenant)
  if clock.offset == 0 and not clock.frozen and clock.micros <= nextTimetoken(tenant, 0) then
    return
  end
  local own = giveOwnClock(tenant)
  own.offset, own.frozen, own.isChanged = clock.offset, clock.frozen, true
  own.leaseMs = leaseMs + clock.offset
  own.dateMs = own.leaseMs + lag
  own.tt = math.max(own.tt, clock.micros)
end

-- Takes some leases from ARGV and puts them into the records of their holders. Adds members and earliest deadlines to `groups`.
local function loadLeases(tenant, many, groups)
  local data = {}
  for _ = 1, many do
    local group, holder, ttl = take(), take(), takeNumber()
    local deadline, epoch = now(tenant) + takeNumber(), numberOr(takeNumber(), nextSeq)
    local hasData, text = takeNumber() == 1, take()
    addRecord(tenant, holder, false)
    local record = recordOf(tenant, holder)
    local lease = { group = group, holder = holder, deadline = deadline, ttl = ttl, epoch = epoch }
    -- Not of the epoch, which may be that of a lease before the load.
    lease.version = hasData and firstVersion(nextSeq()) or 0
    addLease(record, lease, math.floor(#record.leases / MAX_BUNDLE))
    countUp('bytes', tenant, leaseOverheadBytes + #group + #holder + #text)
    if hasData then
      data[#data + 1], data[#data + 2] = fieldOf(group, holder), text
    end
    local found = groups[group] or { members = {}, deadline = deadline, revision = 0 }
    groups[group] = found
    found.members[#found.members + 1], found.members[#found.members + 2] = digits(deadline), holder
    found.deadline, found.revision = math.min(found.deadline, deadline), math.max(found.revision, epoch)
  end
  if #data > 0 then
    writeData(tenant, data)
  end
  countUp('leases', tenant, many)
end

local function loadGroups(tenant, groups)
  if next(groups) then
    nextSeq()
    noteRevisions(tenant)
  end
  for group, found in pairs(groups) do
    for from = 1, #found.members, 2 * MAX_TOGETHER do
      local to = math.min(#found.members, from + 2 * MAX_TOGETHER - 1)
      redis.call('ZADD', keyOf(MEMBERS, tenant, group), unpack(found.members, from, to))
    end
    redis.call('ZADD', keyOf(GROUPS, tenant, ''), 0, group)
    redis.call('HSET', keyOf(REVISIONS, tenant, ''), group, digits(found.revision))
    redis.call('ZADD', dueKeyOf(tenant), digits(found.deadline), dueMember(DUE_GROUP, tenant, group))
  end
end

local function loadDocument(tenant)
  local collection, key, version, value, remaining = take(), take(), takeNumber(), take(), take()
  local deadline = ''
  if remaining ~= '' then
    deadline = digits(now(tenant) + tonumber(remaining))
    redis.call('ZADD', dueKeyOf(tenant), deadline, documentMember(tenant, collection, key))
  end
  -- The change is one of now, whatever version the document has.
  nextSeq()
  noteDocuments(tenant, collection)
  version = digits(numberOr(version, nextSeq))
  redis.call('HSET', keyOf(VERSIONS, tenant, collection), key, version .. '|' .. deadline)
  redis.call('HSET', keyOf(DOCUMENTS, tenant, collection), key, value)
  countUp('documents', tenant, 1)
  countUp('bytes', tenant, documentOverheadBytes + #collection + #key + #value)
end

-- Entries get their sums of bytes, whether the bytes of the topic are limited or not.
local function loadTopic(tenant)
  local topic, remaining, total = take(), take(), 0
  local many = takeNumber()
  for _ = 1, many do
    local position, payload = take(), take()
    if position == '0' then
      position = digits(nextTimetoken(tenant, 1)) .. '0'
    end
    total = total + #payload
    redis.call('XADD', keyOf(ENTRIES, tenant, topic), position .. '-0', 'p', payload, 'b', digits(total))
  end
  local deadline = ''
  if remaining ~= '' then
    deadline = digits(now(tenant) + tonumber(remaining))
    redis.call('ZADD', dueKeyOf(tenant), deadline, dueMember(DUE_TOPIC, tenant, topic))
  end
  redis.call('HSET', keyOf(TOPICS, tenant, ''), topic, deadline)
  countUp('topics', tenant, 1)
  countUp('bytes', tenant, topicOverheadBytes + #topic)
  countEntries(tenant, topic, total + many * entryOverheadBytes)
end

local function load(tenant, clock)
  dropTenant(tenant)
  placeClock(tenant, clock)
  local groups, leases = {}, takeNumber()
  for from = 1, leases, MAX_TOGETHER do
    loadLeases(tenant, math.min(MAX_TOGETHER, leases - from + 1), groups)
  end
  for _ = 1, takeNumber() do
    local group, revision = take(), takeNumber()
    if groups[group] then
      groups[group].revision = revision
    end
  end
  loadGroups(tenant, groups)
  for _ = 1, takeNumber() do
    loadDocument(tenant)
  end
  for _ = 1, takeNumber() do
    loadTopic(tenant)
  end
end

local tenant = take()
local clock = { offset = takeNumber(), frozen = take() == '1', micros = takeNumber() }
local date = leaseMs + clock.offset + lag
if date < 0 or date > lastDateMs then
  return { 1 }
end
seq = math.max(seq, takeNumber())
load(tenant, clock)
saveRecords()
saveCounters()
return { 0 }
