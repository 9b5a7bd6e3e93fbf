-- Topics.
--
-- Fields of an entry: p (payload), and where bytes are limited b (sum of bytes up to and including this entry); or e: events
-- of a group at consecutive timetokens, packed by membership/events.lua, where the id is that of the last event.
--@include shared/counters
--@include shared/due

local appendedTopics = {}

-- Moves a topic's idle deadline to `idleMs` from now, or up to `slackMs` later: then it need not be written each time.
local function touchTopic(tenant, topic, idleMs, slackMs)
  local topicsKey = keyOf(TOPICS, tenant, '')
  local nowMs = now(tenant)
  local known = slackMs > 0 and tonumber(redis.call('HGET', topicsKey, topic) or nil)
  if not known or known < nowMs + tonumber(idleMs) then
    local deadline = ''
    if idleMs ~= '' then
      deadline = digits(nowMs + tonumber(idleMs) + slackMs)
      redis.call('ZADD', dueKeyOf(tenant), 'LT', deadline, dueMember(DUE_TOPIC, tenant, topic))
    end
    if redis.call('HSET', topicsKey, topic, deadline) == 1 then
      countUp('topics', tenant, 1)
    end
  end
  if areAppendsWatched then
    appendedTopics[#tenant .. ':' .. tenant .. topic] = true
  end
end

local function isTopicLive(tenant, topic)
  local deadline = redis.call('HGET', keyOf(TOPICS, tenant, ''), topic)
  return deadline and (deadline == '' or tonumber(deadline) > now(tenant))
end

-- Notifies the nodes of appends, if any node requested it; called once, at the end of a script.
local function publishAppends()
  for message in pairs(appendedTopics) do
    redis.call('PUBLISH', prefix .. appendsName, message)
  end
end
