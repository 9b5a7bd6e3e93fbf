-- The appends of a commit.
--@include shared/topics

-- Returns a decimal text plus one: dense positions exceed 2^53.
local function increment(text)
  local head, tail = string.match(text, '^(.-)(9*)$')
  if head == '' then
    return '1' .. string.rep('0', #tail)
  end
  return string.sub(head, 1, -2) .. (tonumber(string.sub(head, -1)) + 1) .. string.rep('0', #tail)
end

-- Makes the append at a position of ARGV. `bytesSoFar`: the sum of bytes, where they are limited.
local function appendAt(tenant, append, position, bytesSoFar)
  local topic, payload, keepEntries = ARGV[append], ARGV[append + 1], ARGV[append + 3]
  local key = keyOf(ENTRIES, tenant, topic)
  if bytesSoFar then
    redis.call('XADD', key, 'MAXLEN', keepEntries, position .. '-0', 'p', payload, 'b', bytesSoFar)
  else
    redis.call('XADD', key, 'MAXLEN', keepEntries, position .. '-0', 'p', payload)
  end
  touchTopic(tenant, topic, ARGV[append + 5], 0)
end

-- Makes an append to a topic whose bytes are limited: each entry has the sum of bytes up to and including itself.
local function appendSized(tenant, append, position)
  local key = keyOf(ENTRIES, tenant, ARGV[append])
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local total = (newest and tonumber(newest[2][4]) or 0) + #ARGV[append + 1]
  appendAt(tenant, append, position, digits(total))
  local keepBytes = tonumber(ARGV[append + 4])
  while true do
    local oldest = redis.call('XRANGE', key, '-', '+', 'COUNT', 2)
    local before = #oldest == 2 and (tonumber(oldest[1][2][4]) or 0) - #oldest[1][2][2]
    if not before or total - before <= keepBytes then
      return
    end
    redis.call('XDEL', key, oldest[1][1])
  end
end

-- Makes the appends from `first` to `last` in ARGV. Returns their positions.
local function applyAppends(tenant, first, last)
  local positions = {}
  for append = first, last, 6 do
    local after = ARGV[append + 2]
    local position = positions[#positions]
    if after == '' then
      position = digits(nextTimetoken()) .. '0'
    elseif after ~= '=' then
      local newest = redis.call('XREVRANGE', keyOf(ENTRIES, tenant, ARGV[append]), '+', '-', 'COUNT', 1)[1]
      position = increment(newest and string.match(newest[1], '^%d+') or after)
    end
    if ARGV[append + 4] == '' then
      appendAt(tenant, append, position)
    else
      appendSized(tenant, append, position)
    end
    if after ~= '=' then
      positions[#positions + 1] = position
    end
  end
  return positions
end
