-- Shared: documents. Needs partition.lua.
--
-- v<tenant><collection>  HASH key -> '<version>|<deadline or nothing>': all that a guard has to read
-- d<tenant><collection>  HASH key -> value
-- c<tenant>              SET of the tenant's collections

-- Version as text and deadline or nil; nothing for a document that is not there or whose time is over.
local function unpackVersion(packed)
  local bar = packed and string.find(packed, '|', 1, true)
  local deadline = bar and tonumber(string.sub(packed, bar + 1))
  if bar and not (deadline and deadline <= now) then
    return string.sub(packed, 1, bar - 1), deadline
  end
end

local function readVersion(tenant, collection, key)
  return unpackVersion(redis.call('HGET', keyOf('v', tenant, collection), key))
end

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

-- Whether all guards hold that stand in ARGV from a position on: collection, key, version each.
local function guardsHold(tenant, at, count)
  for guard = at, at + 3 * count - 3, 3 do
    if (readVersion(tenant, ARGV[guard], ARGV[guard + 1]) or '0') ~= ARGV[guard + 2] then
      return false
    end
  end
  return true
end
