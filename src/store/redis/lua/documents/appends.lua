-- The appends of a commit.
--@include shared/topics
--@include shared/watches

-- Returns a decimal text plus one: dense positions exceed 2^53.
local function increment(text)
  local head, tail = string.match(text, '^(.-)(9*)$')
  if head == '' then
    return '1' .. string.rep('0', #tail)
  end
  return string.sub(head, 1, -2) .. (tonumber(string.sub(head, -1)) + 1) .. string.rep('0', #tail)
end

-- Appends an entry to a topic, with the bounds of the append at a position of ARGV. `entry`: id, field, value, ….
local function appendTo(tenant, topic, append, entry)
  addEntry(tenant, topic, ARGV[append + 3], entry)
  touchTopic(tenant, topic, ARGV[append + 5], 0)
end

-- Makes an append to a topic whose bytes are limited: each entry has the sum of bytes up to and including itself.
local function appendSized(tenant, append, position)
  local key = keyOf(ENTRIES, tenant, ARGV[append])
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local total = (newest and tonumber(newest[2][4]) or 0) + #ARGV[append + 1]
  appendTo(tenant, ARGV[append], append, { position .. '-0', 'p', ARGV[append + 1], 'b', digits(total) })
  local keepBytes = tonumber(ARGV[append + 4])
  while true do
    local oldest = redis.call('XRANGE', key, '-', '+', 'COUNT', 2)
    local before = #oldest == 2 and (tonumber(oldest[1][2][4]) or 0) - #oldest[1][2][2]
    if not before or total - before <= keepBytes then
      return
    end
    redis.call('XDEL', key, oldest[1][1])
    countEntries(tenant, ARGV[append], -sizeOfEntry(oldest[1]))
  end
end

-- Appends an event of a group to its event topics that are watched.
local function appendEvent(tenant, append)
  local topics = eventTopicsOf(tenant, ARGV[append])
  local id = #topics > 0 and digits(nextTimetoken(tenant, 1)) .. '0-0'
  for _, topic in ipairs(topics) do
    appendTo(tenant, topic, append, { id, 'p', ARGV[append + 1] })
  end
end

-- Returns the position of the append at a position of ARGV. `before`: that of the append before.
local function positionOf(tenant, append, before)
  local after = ARGV[append + 2]
  if after == '' then
    return digits(nextTimetoken(tenant, 1)) .. '0'
  elseif after == '=' then
    return before
  end
  local newest = redis.call('XREVRANGE', keyOf(ENTRIES, tenant, ARGV[append]), '+', '-', 'COUNT', 1)[1]
  return increment(newest and string.match(newest[1], '^%d+') or after)
end

-- Makes the appends from `first` to `last` in ARGV. Returns their positions.
local function applyAppends(tenant, first, last)
  local positions = {}
  for append = first, last, 6 do
    local after = ARGV[append + 2]
    if after == '@' then
      appendEvent(tenant, append)
    else
      local position = positionOf(tenant, append, positions[#positions])
      if ARGV[append + 4] == '' then
        appendTo(tenant, ARGV[append], append, { position .. '-0', 'p', ARGV[append + 1] })
      else
        appendSized(tenant, append, position)
      end
      if after ~= '=' then
        positions[#positions + 1] = position
      end
    end
  end
  return positions
end
