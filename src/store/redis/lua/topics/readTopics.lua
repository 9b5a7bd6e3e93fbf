-- Reads topics.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, limit, bytes or '', number of topics, (topic, position after which to begin)*
-- Returns  per command, per topic: { position, 'p' and the payload or 'e' and packed events, position, … }, oldest first, at most
--          limit entries; the position of several events is that of the last
--@include shared/topics

-- Appends entries to `found`. Where bytes are limited, each read takes as many entries as fit if they are as large as those
-- so far.
local function readInto(found, key, after, limit, maxBytes)
  local bytesLeft, chunk = maxBytes, maxBytes and math.min(limit, 8) or limit
  while limit > 0 do
    local entries = redis.call('XRANGE', key, '(' .. after .. '-0', '+', 'COUNT', chunk)
    local bytes = 0
    for _, entry in ipairs(entries) do
      local payload = entry[2][2]
      bytes = bytes + #payload
      if bytesLeft and bytes > bytesLeft and #found > 0 then
        return
      end
      local position = string.match(entry[1], '^%d+')
      found[#found + 1] = position
      found[#found + 1] = entry[2][1]
      found[#found + 1] = payload
      after = position
    end
    limit = limit - #entries
    if #entries < chunk or not bytesLeft then
      return
    end
    bytesLeft = bytesLeft - bytes
    local average = math.max(bytes / #entries, 1)
    chunk = math.max(1, math.min(limit, math.floor(bytesLeft / average)))
  end
end

local replies = {}
local at = 1
while ARGV[at] do
  local tenant, limit, maxBytes, count = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local reply = {}
  for index = 0, count - 1 do
    local topic, after = ARGV[at + 4 + 2 * index], ARGV[at + 5 + 2 * index]
    local found = {}
    if isTopicLive(tenant, topic) then
      readInto(found, keyOf(ENTRIES, tenant, topic), after, limit, maxBytes)
    end
    reply[#reply + 1] = found
  end
  replies[#replies + 1] = reply
  at = at + 4 + 2 * count
end
return replies
