-- Changes documents and appends to topics: a batch of commits, each all or nothing.
--
-- KEYS[1]  the partition's clock
-- ARGV     per commit: tenant, number of guards, (collection, key, version)*,
--          number of writes, (collection, key, version or '', '1' with a value or '0' to delete, value, ttl ms or '')*,
--          number of appends, (topic, payload, '' or the position to follow, entries to keep, bytes to keep or '', idle ms or '')*,
--          where '=' for the position is that of the append before, which alone is answered
-- Returns  per commit: false, or { { version or '0' for each write }, { position for each append } }
--@include shared/topics
--@include shared/documents

-- Adds one to a decimal text: dense positions pass 2^53.
local function increment(text)
  local head, tail = string.match(text, '^(.-)(9*)$')
  if head == '' then
    return '1' .. string.rep('0', #tail)
  end
  return string.sub(head, 1, -2) .. (tonumber(string.sub(head, -1)) + 1) .. string.rep('0', #tail)
end

local function appendAt(tenant, topic, position, payload, keepEntries, idleMs, bytesSoFar)
  local key = keyOf('s', tenant, topic)
  if bytesSoFar then
    redis.call('XADD', key, 'MAXLEN', keepEntries, position .. '-0', 'p', payload, 'b', bytesSoFar)
  else
    redis.call('XADD', key, 'MAXLEN', keepEntries, position .. '-0', 'p', payload)
  end
  keepTopic(tenant, topic, idleMs, 0)
end

-- Adds to a topic that is also limited in bytes: each entry knows how many came with it and before it.
local function appendSized(tenant, topic, position, payload, keepEntries, keepBytes, idleMs)
  local key = keyOf('s', tenant, topic)
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local total = (newest and tonumber(newest[2][4]) or 0) + #payload
  appendAt(tenant, topic, position, payload, keepEntries, idleMs, digits(total))
  while true do
    local oldest = redis.call('XRANGE', key, '-', '+', 'COUNT', 2)
    local before = #oldest == 2 and (tonumber(oldest[1][2][4]) or 0) - #oldest[1][2][2]
    if not before or total - before <= tonumber(keepBytes) then
      return
    end
    redis.call('XDEL', key, oldest[1][1])
  end
end

local answers = {}
local at = 1
while ARGV[at] do
  local tenant = ARGV[at]
  local guards = tonumber(ARGV[at + 1])
  local hold = guardsHold(tenant, at + 2, guards)
  local writesAt = at + 2 + 3 * guards
  local writes = tonumber(ARGV[writesAt])
  local appendsAt = writesAt + 1 + 6 * writes
  local appends = tonumber(ARGV[appendsAt])
  at = appendsAt + 1 + 6 * appends
  for write = writesAt + 1, writesAt + 6 * writes, 6 do
    local version = ARGV[write + 2]
    if hold and version ~= '' then
      hold = (readVersion(tenant, ARGV[write], ARGV[write + 1]) or '0') == version
    end
  end
  if not hold then
    answers[#answers + 1] = false
  else
    local versions, positions = {}, {}
    for write = writesAt + 1, writesAt + 6 * writes, 6 do
      local collection, key = ARGV[write], ARGV[write + 1]
      if ARGV[write + 3] == '0' then
        deleteDocument(tenant, collection, key)
        versions[#versions + 1] = '0'
      else
        versions[#versions + 1] = writeDocument(tenant, collection, key, ARGV[write + 4], ARGV[write + 5])
      end
    end
    for append = appendsAt + 1, appendsAt + 6 * appends, 6 do
      local topic, after = ARGV[append], ARGV[append + 2]
      local position = positions[#positions]
      if after == '' then
        position = digits(nextTimetoken()) .. '0'
      elseif after ~= '=' then
        local newest = redis.call('XREVRANGE', keyOf('s', tenant, topic), '+', '-', 'COUNT', 1)[1]
        position = increment(newest and string.match(newest[1], '^%d+') or after)
      end
      if ARGV[append + 4] == '' then
        appendAt(tenant, topic, position, ARGV[append + 1], ARGV[append + 3], ARGV[append + 5])
      else
        appendSized(tenant, topic, position, ARGV[append + 1], ARGV[append + 3], ARGV[append + 4], ARGV[append + 5])
      end
      if after ~= '=' then
        positions[#positions + 1] = position
      end
    end
    answers[#answers + 1] = { versions, positions }
  end
end
publish()
saveClock()
return answers
