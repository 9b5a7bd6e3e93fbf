-- Reads all that is live of tenants. Changes nothing.
--
-- KEYS[1]  the partition's clock
-- ARGV     tenants
-- Returns  per tenant: false if it holds too much, else { clock, leases, revisions, documents, topics }:
--          { offset ms, frozen 1 or 0, timetoken reached }, { group, holder, ttl, remaining ms, epoch, data or false, … },
--          { group, revision, … }, { collection, key, version, value, remaining ms or '', … } and
--          { topic, remaining ms or '', { position, 'p' or 'e', payload or packed events, … }, … }
--@include membership/live
--@include membership/data
--@include membership/revisions
--@include shared/versions
--@include shared/noteChanges
--@include shared/topics

local ENTRIES_PER_READ = 64

local items, bytes

-- Counts one item. Returns whether there is too much now.
local function isTooMuch(size)
  items, bytes = items + 1, bytes + size
  return items > maxDumpItems or bytes > maxDumpBytes
end

-- Appends the live leases of holders of one group. Returns whether there are any; nothing if there is too much.
local function dumpMembers(tenant, group, holders, leases)
  local fields, versions, found, isAny, nowMs = {}, {}, {}, false, now(tenant)
  for at, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(holders))) do
    local deadline, ttl, epoch, version = findLive(packed, group, nowMs)
    fields[at], versions[at] = fieldOf(group, holders[at]), version or 0
    found[at] = deadline and { deadline - nowMs, ttl, epoch } or false
  end
  local data = dataOfAll(tenant, fields, versions)
  for at = 1, #holders do
    if found[at] then
      if isTooMuch(data[at] and #data[at] or 0) then
        return nil
      end
      isAny = true
      local remaining, ttl, epoch = unpack(found[at])
      local last = #leases
      leases[last + 1], leases[last + 2], leases[last + 3] = group, holders[at], digits(ttl)
      leases[last + 4], leases[last + 5], leases[last + 6] = digits(remaining), digits(epoch), data[at] or false
    end
  end
  return isAny
end

local function dumpLeases(tenant)
  local leases, groups = {}, {}
  for _, group in ipairs(redis.call('ZRANGE', keyOf(GROUPS, tenant, ''), 0, -1)) do
    local membersKey = keyOf(MEMBERS, tenant, group)
    local isAny = false
    for from = 0, redis.call('ZCARD', membersKey) - 1, MAX_TOGETHER do
      local holders = redis.call('ZRANGE', membersKey, from, from + MAX_TOGETHER - 1)
      local found = dumpMembers(tenant, group, holders, leases)
      if found == nil then
        return nil
      end
      isAny = isAny or found
    end
    if isAny then
      groups[#groups + 1] = group
      groups[#groups + 1] = digits(revisionOf(tenant, group))
    end
  end
  return leases, groups
end

local function dumpDocuments(tenant)
  local documents = {}
  for _, collection in ipairs(collectionsOf(tenant)) do
    local versions = redis.call('HGETALL', keyOf(VERSIONS, tenant, collection))
    for at = 1, #versions, 2 do
      local version, deadline = unpackVersion(tenant, versions[at + 1])
      local value = version and redis.call('HGET', keyOf(DOCUMENTS, tenant, collection), versions[at])
      if value then
        if isTooMuch(#value) then
          return nil
        end
        local last = #documents
        documents[last + 1], documents[last + 2], documents[last + 3] = collection, versions[at], version
        documents[last + 4], documents[last + 5] = value, deadline and digits(deadline - now(tenant)) or ''
      end
    end
  end
  return documents
end

-- Returns position, field, content, … of all entries of a topic; nothing if there is too much.
local function dumpEntries(tenant, topic)
  local found, after = {}, '-'
  while true do
    local entries = redis.call('XRANGE', keyOf(ENTRIES, tenant, topic), after, '+', 'COUNT', ENTRIES_PER_READ)
    for _, entry in ipairs(entries) do
      local fields, last = entry[2], #found
      if isTooMuch(#fields[2]) then
        return nil
      end
      found[last + 1], found[last + 2], found[last + 3] = string.match(entry[1], '^%d+'), fields[1], fields[2]
    end
    if #entries < ENTRIES_PER_READ then
      return found
    end
    after = '(' .. entries[#entries][1]
  end
end

local function dumpTopics(tenant)
  local topics = {}
  local deadlines = redis.call('HGETALL', keyOf(TOPICS, tenant, ''))
  for at = 1, #deadlines, 2 do
    local deadline = tonumber(deadlines[at + 1])
    if not deadline or deadline > now(tenant) then
      local entries = dumpEntries(tenant, deadlines[at])
      if not entries then
        return nil
      end
      local last = #topics
      topics[last + 1], topics[last + 2] = deadlines[at], deadline and digits(deadline - now(tenant)) or ''
      topics[last + 3] = entries
    end
  end
  return topics
end

local function dumpTenant(tenant)
  items, bytes = 0, 0
  local own = hasClocks and ownClock(tenant)
  local offset = own and own.leaseMs - leaseMs or 0
  local reached = digits(nextTimetoken(tenant, 0)) .. '0'
  local leases, revisions = dumpLeases(tenant)
  local documents = leases and dumpDocuments(tenant)
  local topics = documents and dumpTopics(tenant)
  return topics
    and { { digits(offset), own and own.frozen and 1 or 0, reached }, leases, revisions, documents, topics }
end

local replies = {}
for index, tenant in ipairs(ARGV) do
  replies[index] = dumpTenant(tenant) or false
end
return replies
