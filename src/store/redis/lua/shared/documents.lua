-- Shared: documents.
--
-- d<tenant><collection>  HASH key -> value
-- c<tenant>              SET of the tenant's collections
--@include shared/versions
--@include shared/counters
--@include shared/due

local function documentMember(tenant, collection, key)
  return dueMember('d', tenant, #collection .. ':' .. collection .. key)
end

local function writeDocument(tenant, collection, key, value, ttl)
  local version = digits(nextSeq())
  local deadline = ''
  if ttl ~= '' then
    deadline = digits(now + tonumber(ttl))
    redis.call('ZADD', dueKey, 'LT', deadline, documentMember(tenant, collection, key))
  end
  redis.call('HSET', keyOf('v', tenant, collection), key, version .. '|' .. deadline)
  if redis.call('HSET', keyOf('d', tenant, collection), key, value) == 1 then
    redis.call('SADD', keyOf('c', tenant, ''), collection)
    countUp('documents', tenant, 1)
  end
  return version
end

-- Also one whose time is over and that nobody has swept yet.
local function deleteDocument(tenant, collection, key)
  local vkey = keyOf('v', tenant, collection)
  if redis.call('HDEL', vkey, key) == 1 then
    redis.call('HDEL', keyOf('d', tenant, collection), key)
    countUp('documents', tenant, -1)
    redis.call('ZREM', dueKey, documentMember(tenant, collection, key))
    if redis.call('EXISTS', vkey) == 0 then
      redis.call('SREM', keyOf('c', tenant, ''), collection)
    end
  end
end
