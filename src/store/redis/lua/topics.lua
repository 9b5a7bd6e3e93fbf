-- Shared: appending to topics. Needs partition.lua.
--
-- s<tenant><topic>  STREAM, ids '<position>-0', fields: p (payload), and where bytes are limited b (bytes so far, with it);
--                   or e: steps of a group at consecutive timetokens, as steps.lua packs them, of which the id is the last
-- t<tenant>         HASH topic -> its idle deadline on the lease clock, '' for never

local published = {}

-- Adds one to a decimal text: dense positions pass 2^53.
local function increment(text)
  local head, tail = string.match(text, '^(.-)(9*)$')
  if head == '' then
    return '1' .. string.rep('0', #tail)
  end
  return string.sub(head, 1, -2) .. (tonumber(string.sub(head, -1)) + 1) .. string.rep('0', #tail)
end

-- Keeps a topic known until it was idle for its time, or up to `slackMs` longer: then that need not be written each time.
local function keepTopic(tenant, topic, idleMs, slackMs)
  local registry = keyOf('t', tenant, '')
  local known = slackMs > 0 and tonumber(redis.call('HGET', registry, topic) or nil)
  if not known or known < now + tonumber(idleMs) then
    local deadline = ''
    if idleMs ~= '' then
      deadline = digits(now + tonumber(idleMs) + slackMs)
      redis.call('ZADD', dueKey, 'LT', deadline, dueMember('t', tenant, topic))
    end
    if redis.call('HSET', registry, topic, deadline) == 1 then
      countUp('topics', tenant, 1)
    end
  end
  if attended then
    published[#tenant .. ':' .. tenant .. topic] = true
  end
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

-- Adds packed steps whose last one has the timetoken `lastMicros`, and each before it one less.
local function appendSteps(tenant, topic, packed, lastMicros, keepEntries, idleMs, slackMs)
  redis.call('XADD', keyOf('s', tenant, topic), 'MAXLEN', keepEntries, digits(lastMicros) .. '0-0', 'e', packed)
  keepTopic(tenant, topic, idleMs, slackMs)
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

local function isTopicLive(tenant, topic)
  local deadline = redis.call('HGET', keyOf('t', tenant, ''), topic)
  return deadline and (deadline == '' or tonumber(deadline) > now)
end

-- To be called once, when all is done: tells the nodes whose clients wait. Where nobody does, nothing is told.
local function publish()
  for message in pairs(published) do
    redis.call('PUBLISH', prefix .. 'appends', message)
  end
end
