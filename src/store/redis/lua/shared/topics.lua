-- Topics.
--
-- Fields of an entry: p (payload), and where bytes are limited b (sum of bytes up to and including this entry); or e: events
-- of a group at consecutive timetokens, packed by membership/events.lua, where the id is that of the last event.
--@include shared/counters
--@include shared/due

-- How many entries are read together to be trimmed: they may be large.
local MAX_TRIMMED = 64

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
      countUp('bytes', tenant, topicOverheadBytes + #topic)
    end
  end
  if areAppendsWatched then
    appendedTopics[#tenant .. ':' .. tenant .. topic] = true
  end
end

-- Adds to the bytes of the entries of a topic.
local function countEntries(tenant, topic, by)
  redis.call('HINCRBY', keyOf(TOPIC_BYTES, tenant, ''), topic, by)
  countUp('bytes', tenant, by)
end

local function sizeOfEntry(entry)
  return entryOverheadBytes + #entry[2][2]
end

-- Appends an entry (id, field, value, …) to a topic, of which the newest `keep` entries remain.
local function addEntry(tenant, topic, keep, entry)
  local key, by = keyOf(ENTRIES, tenant, topic), entryOverheadBytes + #entry[3]
  local excess = redis.call('XLEN', key) + 1 - tonumber(keep)
  if excess > 0 then
    local from = '-'
    for first = 1, excess, MAX_TRIMMED do
      local oldest = redis.call('XRANGE', key, from, '+', 'COUNT', math.min(MAX_TRIMMED, excess - first + 1))
      for _, trimmed in ipairs(oldest) do
        by = by - sizeOfEntry(trimmed)
        from = '(' .. trimmed[1]
      end
    end
  end
  redis.call('XADD', key, 'MAXLEN', keep, unpack(entry))
  countEntries(tenant, topic, by)
end

-- Deletes a topic.
local function deleteTopic(tenant, topic)
  redis.call('DEL', keyOf(ENTRIES, tenant, topic))
  local bytesKey = keyOf(TOPIC_BYTES, tenant, '')
  local bytes = tonumber(redis.call('HGET', bytesKey, topic) or 0)
  redis.call('HDEL', bytesKey, topic)
  if redis.call('HDEL', keyOf(TOPICS, tenant, ''), topic) == 1 then
    countUp('topics', tenant, -1)
    countUp('bytes', tenant, -topicOverheadBytes - #topic - bytes)
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
