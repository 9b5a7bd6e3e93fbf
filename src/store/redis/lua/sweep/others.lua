-- Sweeps topics, documents and watches.

local function sweepTopic(tenant, topic, member)
  local dueKey = dueKeyOf(tenant)
  local deadline = redis.call('HGET', keyOf(TOPICS, tenant, ''), topic)
  if deadline == '' then
    redis.call('ZREM', dueKey, member)
  elseif deadline and tonumber(deadline) > now(tenant) then
    redis.call('ZADD', dueKey, deadline, member)
  else
    redis.call('ZREM', dueKey, member)
    deleteTopic(tenant, topic)
  end
end

local function sweepDocument(tenant, name, member)
  local dueKey = dueKeyOf(tenant)
  local colon = string.find(name, ':', 1, true)
  local length = tonumber(string.sub(name, 1, colon - 1))
  local collection = string.sub(name, colon + 1, colon + length)
  local key = string.sub(name, colon + length + 1)
  local version, deadline = readVersion(tenant, collection, key)
  if not version then
    deleteDocument(tenant, collection, key)
    redis.call('ZREM', dueKey, member)
  elseif deadline then
    redis.call('ZADD', dueKey, digits(deadline), member)
  else
    redis.call('ZREM', dueKey, member)
  end
end

-- Deletes watches that are over, some per call.
local function sweepWatches(tenant, member)
  local earliest
  for _, watched in ipairs({ WATCHED_GROUPS, WATCHED_PREFIXES }) do
    local watchesKey = keyOf(WATCHES, tenant, watched)
    local over = redis.call('ZRANGEBYSCORE', watchesKey, '-inf', digits(watchNow), 'LIMIT', 0, MAX_TOGETHER)
    if #over > 0 then
      redis.call('ZREM', watchesKey, unpack(over))
      for _, name in ipairs(over) do
        countUp('bytes', tenant, -watchOverheadBytes - #name)
      end
      budget.steps = budget.steps - #over
    end
    local deadline = tonumber(redis.call('ZRANGE', watchesKey, 0, 0, 'WITHSCORES')[2])
    earliest = deadline and math.min(deadline, earliest or deadline) or earliest
  end
  if earliest then
    redis.call('ZADD', prefix .. DUE, digits(earliest + movedMs), member)
  else
    redis.call('ZREM', prefix .. DUE, member)
  end
end
