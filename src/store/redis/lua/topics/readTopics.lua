-- Reads topics.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 maximum bytes of payloads in this reply, then per command: tenant, limit, bytes or '', number of topics, (topic,
--          position after which to begin)*
-- Returns  per command: false if its entries do not fit this reply, else per topic: { position, 'p' and the payload or 'e' and
--          packed events, position, … }, oldest first: the oldest entries of all its topics, at most limit, and after the first at
--          most so many bytes; the position of several events is that of the last
--@include shared/topics

-- Entries of a topic that are read in one call at first; later calls read more.
local FIRST_ENTRIES = 2
local MAX_ENTRIES = 64

local bytesLeft = tonumber(ARGV[1])

-- Returns whether a position comes before another: both are decimal, without leading zeros.
local function isBefore(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

-- Reads the next entries of a topic, `maxBytes` of them if they are as large as those before. Returns whether there are any.
local function readNext(reader, maxBytes)
  if reader.isAtEnd then
    return false
  end
  local entries = redis.call('XRANGE', reader.key, '(' .. reader.after .. '-0', '+', 'COUNT', reader.chunk)
  local bytes = 0
  for _, entry in ipairs(entries) do
    bytes = bytes + #entry[2][2]
  end
  reader.entries, reader.next = entries, 1
  reader.isAtEnd = #entries < reader.chunk
  if #entries == 0 then
    return false
  end
  reader.after = string.match(entries[#entries][1], '^%d+')
  reader.position = string.match(entries[1][1], '^%d+')
  local fitting = math.floor(maxBytes / math.max(bytes / #entries, 1))
  reader.chunk = math.max(1, math.min(2 * reader.chunk, MAX_ENTRIES, fitting))
  return true
end

-- Restores the order of a heap of readers by their next positions, after the one at `at` got a later position.
local function moveDown(heap, at)
  local reader = heap[at]
  while true do
    local least = 2 * at
    if least < #heap and isBefore(heap[least + 1].position, heap[least].position) then
      least = least + 1
    end
    if least > #heap or not isBefore(heap[least].position, reader.position) then
      break
    end
    heap[at] = heap[least]
    at = least
  end
  heap[at] = reader
end

-- Takes the oldest entry of all readers. Returns its position, field and content.
local function takeOldest(heap, maxBytes)
  local reader = heap[1]
  local position, fields = reader.position, reader.entries[reader.next][2]
  reader.next = reader.next + 1
  if reader.next <= #reader.entries then
    reader.position = string.match(reader.entries[reader.next][1], '^%d+')
  elseif not readNext(reader, maxBytes) then
    heap[1] = heap[#heap]
    heap[#heap] = nil
  end
  if heap[1] then
    moveDown(heap, 1)
  end
  return reader.found, position, fields[1], fields[2]
end

-- Returns the readers of a command's topics that have entries, as a heap, and the list of entries to fill for each topic.
local function openReaders(tenant, first, count, maxBytes)
  local heap, lists = {}, {}
  for index = 1, count do
    local topic, found = ARGV[first + 2 * index - 2], {}
    lists[index] = found
    if isTopicLive(tenant, topic) then
      local reader = {
        key = keyOf(ENTRIES, tenant, topic),
        after = ARGV[first + 2 * index - 1],
        chunk = FIRST_ENTRIES,
        found = found,
      }
      if readNext(reader, maxBytes) then
        heap[#heap + 1] = reader
      end
    end
  end
  for at = math.floor(#heap / 2), 1, -1 do
    moveDown(heap, at)
  end
  return heap, lists
end

-- Returns the reply to one command.
local function readCommand(tenant, limit, maxBytes, first, count)
  local heap, lists = openReaders(tenant, first, count, maxBytes)
  local bytes = 0
  for taken = 1, limit do
    if not heap[1] then
      break
    end
    local size = #heap[1].entries[heap[1].next][2][2]
    if bytes + size > maxBytes and taken > 1 then
      break
    end
    bytes = bytes + size
    if bytes > bytesLeft then
      return false
    end
    local found, position, field, content = takeOldest(heap, maxBytes - bytes)
    local last = #found
    found[last + 1], found[last + 2], found[last + 3] = position, field, content
  end
  bytesLeft = bytesLeft - bytes
  return lists
end

local replies = {}
local at = 2
while ARGV[at] do
  local count = tonumber(ARGV[at + 3])
  replies[#replies + 1] =
    readCommand(ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]) or math.huge, at + 4, count)
  at = at + 4 + 2 * count
end
return replies
