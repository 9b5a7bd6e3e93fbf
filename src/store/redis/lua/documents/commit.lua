-- Changes documents and appends to topics: a batch of commits, each all or nothing.
--
-- KEYS[1]  the partition's clock
-- ARGV     per commit: tenant, '1' if it may exceed the tenant's bytes or '0', number of guards, (collection, key, version)*,
--          number of writes, (collection, key, version or '', '1' with a value or '0' to delete, value, ttl ms or '')*,
--          number of appends, (topic, payload, position, entries to keep, bytes to keep or '', idle ms or '')*,
--          where the position is '' for a fresh timetoken, the one to follow in an empty topic, '=' for that of the append
--          before, which alone is returned, or '@' for an event of a group: then `topic` is the group, and the event goes to
--          its event topics that are watched, at a fresh timetoken that is not returned
-- Returns  per commit: false; why the tenant may hold no more (shared/bytes.lua); or { { version or '0' for each write }, { position for
--          each append } }
--@include shared/documents
--@include shared/bytes
--@include documents/appends

local function writesAreCurrent(tenant, first, last)
  for write = first, last, 6 do
    local version = ARGV[write + 2]
    if version ~= '' and (readVersion(tenant, ARGV[write], ARGV[write + 1]) or '0') ~= version then
      return false
    end
  end
  return true
end

-- Returns how many bytes more the tenant would hold at most: what appends remove does not count.
local function bytesOf(tenant, firstWrite, lastWrite, lastAppend)
  local bytes = 0
  for write = firstWrite, lastWrite, 6 do
    local collection, key = ARGV[write], ARGV[write + 1]
    local before = redis.call('HSTRLEN', keyOf(DOCUMENTS, tenant, collection), key)
    local named = documentOverheadBytes + #collection + #key
    bytes = bytes - (before > 0 and named + before or 0)
    if ARGV[write + 3] ~= '0' then
      bytes = bytes + named + #ARGV[write + 4]
    end
  end
  for append = lastWrite + 2, lastAppend, 6 do
    if ARGV[append + 2] ~= '@' then
      local isNew = redis.call('HEXISTS', keyOf(TOPICS, tenant, ''), ARGV[append]) == 0
      bytes = bytes + (isNew and topicOverheadBytes + #ARGV[append] or 0) + entryOverheadBytes + #ARGV[append + 1]
    end
  end
  return bytes
end

-- Makes the write at a position of ARGV. Returns the new version.
local function writeDocument(tenant, write)
  local collection, key, ttl = ARGV[write], ARGV[write + 1], ARGV[write + 5]
  local version = digits(nextSeq())
  local deadline = ''
  if ttl ~= '' then
    deadline = digits(now(tenant) + tonumber(ttl))
    redis.call('ZADD', dueKeyOf(tenant), 'LT', deadline, documentMember(tenant, collection, key))
  end
  redis.call('HSET', keyOf(VERSIONS, tenant, collection), key, version .. '|' .. deadline)
  local documentsKey, value = keyOf(DOCUMENTS, tenant, collection), ARGV[write + 4]
  local bytes = #value - redis.call('HSTRLEN', documentsKey, key)
  noteDocuments(tenant, collection)
  if redis.call('HSET', documentsKey, key, value) == 1 then
    countUp('documents', tenant, 1)
    bytes = bytes + documentOverheadBytes + #collection + #key
  end
  countUp('bytes', tenant, bytes)
  return version
end

-- Makes the writes from `first` to `last` in ARGV. Returns the new versions.
local function applyWrites(tenant, first, last)
  local versions = {}
  for write = first, last, 6 do
    if ARGV[write + 3] == '0' then
      deleteDocument(tenant, ARGV[write], ARGV[write + 1])
      versions[#versions + 1] = '0'
    else
      versions[#versions + 1] = writeDocument(tenant, write)
    end
  end
  return versions
end

local replies = {}
local at = 1
while ARGV[at] do
  local tenant = ARGV[at]
  local guards = tonumber(ARGV[at + 2])
  local writesAt = at + 3 + 3 * guards
  local writes = tonumber(ARGV[writesAt])
  local firstWrite, lastWrite = writesAt + 1, writesAt + 6 * writes
  local appendsAt = lastWrite + 1
  local firstAppend, lastAppend = appendsAt + 1, appendsAt + 6 * tonumber(ARGV[appendsAt])
  local isExempt = ARGV[at + 1] == '1'
  if failedGuards(tenant, ARGV, at + 3, guards) or not writesAreCurrent(tenant, firstWrite, lastWrite) then
    replies[#replies + 1] = false
  else
    local refusal = refusalOf(tenant, bytesOf(tenant, firstWrite, lastWrite, lastAppend), isExempt)
    if refusal then
      replies[#replies + 1] = refusal
    else
      local versions = applyWrites(tenant, firstWrite, lastWrite)
      replies[#replies + 1] = { versions, applyAppends(tenant, firstAppend, lastAppend) }
    end
  end
  at = lastAppend + 1
end
publishAppends()
saveCounters()
return replies
