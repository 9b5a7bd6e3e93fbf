-- Shared: appending to topics. Needs partition.lua.
--
-- s<tenant><topic>  STREAM, ids '<position>-0', one field: p (payload)
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

-- Adds to a topic whose idle deadline may lie up to `slackMs` further off than asked: then it need not be written each time.
local function appendAt(tenant, topic, position, payload, keepEntries, idleMs, slackMs)
  redis.call('XADD', keyOf('s', tenant, topic), 'MAXLEN', keepEntries, position .. '-0', 'p', payload)
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
