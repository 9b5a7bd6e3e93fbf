-- Shared: topics.
--
-- s<tenant><topic>  STREAM, ids '<position>-0', fields: p (payload), and where bytes are limited b (bytes so far, with it);
--                   or e: steps of a group at consecutive timetokens, as steps.lua packs them, of which the id is the last
-- t<tenant>         HASH topic -> its idle deadline on the lease clock, '' for never
--@include shared/counters
--@include shared/due

local published = {}

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
