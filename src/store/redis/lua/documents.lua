-- Shared: documents. Needs partition.lua.
--
-- d<tenant><collection>  HASH key -> '<version>|<deadline or nothing>|<value>'
-- c<tenant>              SET of the tenant's collections

-- Version, deadline or nil, value; nothing for a document that is not there or whose time is over.
local function unpackDocument(packed)
  local first = string.find(packed, '|', 1, true)
  local second = string.find(packed, '|', first + 1, true)
  local deadline = tonumber(string.sub(packed, first + 1, second - 1))
  if deadline and deadline <= now then
    return nil
  end
  return string.sub(packed, 1, first - 1), deadline, string.sub(packed, second + 1)
end

local function readDocument(tenant, collection, key)
  local packed = redis.call('HGET', keyOf('d', tenant, collection), key)
  if packed then
    return unpackDocument(packed)
  end
end

local function documentMember(tenant, collection, key)
  return dueMember('d', tenant, #collection .. ':' .. collection .. key)
end

-- Also one whose time is over and that nobody has swept yet.
local function deleteDocument(tenant, collection, key)
  local dkey = keyOf('d', tenant, collection)
  if redis.call('HDEL', dkey, key) == 1 then
    countUp('documents', tenant, -1)
    redis.call('ZREM', dueKey, documentMember(tenant, collection, key))
    if redis.call('EXISTS', dkey) == 0 then
      redis.call('SREM', keyOf('c', tenant, ''), collection)
    end
  end
end

-- Whether all guards hold that stand in ARGV from a position on: collection, key, version each.
local function guardsHold(tenant, at, count)
  for guard = at, at + 3 * count - 3, 3 do
    if (readDocument(tenant, ARGV[guard], ARGV[guard + 1]) or '0') ~= ARGV[guard + 2] then
      return false
    end
  end
  return true
end
