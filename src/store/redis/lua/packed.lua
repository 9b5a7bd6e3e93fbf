-- Shared: leases as they are stored. Needs partition.lua.
--
-- m<tenant><group>   HASH 'h'<holder> -> '<deadline>|<ttl>|<epoch>|' and then '0', or '1' and the data; 'r' -> revision
-- z<tenant><group>   ZSET holder -> lower bound of its deadline: a renewal leaves it alone, the sweep brings it up to date
-- h<tenant>          HASH holder -> '=' and its group, or '+' if it has several
-- H<tenant><holder>  SET of the holder's groups where it has several
-- g<tenant>          ZSET of the tenant's groups, all with score 0: ordered by name
-- due                ZSET '<kind><tenant><name>' -> lower bound of the earliest deadline in there

local function packLease(deadline, ttl, epoch, data)
  return digits(deadline) .. '|' .. digits(ttl) .. '|' .. epoch .. '|' .. (data and '1' .. data or '0')
end

local function deadlineOf(packed)
  return tonumber(string.sub(packed, 1, string.find(packed, '|', 1, true) - 1))
end

-- Deadline, TTL, epoch as text, and data or false.
local function unpackLease(packed)
  local deadline, ttl, epoch, hasData, dataAt = string.match(packed, '^(%d+)|(%d+)|(%d+)|([01])()')
  return tonumber(deadline), tonumber(ttl), epoch, hasData == '1' and string.sub(packed, dataAt)
end

local function groupsHeld(tenant, holder)
  local held = redis.call('HGET', keyOf('h', tenant, ''), holder)
  if not held then
    return {}
  end
  if string.sub(held, 1, 1) == '=' then
    return { string.sub(held, 2) }
  end
  local groups = redis.call('SMEMBERS', keyOf('H', tenant, holder))
  table.sort(groups)
  return groups
end

local function addHolder(tenant, holder, group)
  local index = keyOf('h', tenant, '')
  local held = redis.call('HGET', index, holder)
  if not held then
    redis.call('HSET', index, holder, '=' .. group)
  elseif held == '+' then
    redis.call('SADD', keyOf('H', tenant, holder), group)
  elseif held ~= '=' .. group then
    redis.call('SADD', keyOf('H', tenant, holder), string.sub(held, 2), group)
    redis.call('HSET', index, holder, '+')
  end
end

local function removeHolders(tenant, holders, group)
  local index = keyOf('h', tenant, '')
  local gone = {}
  for at, held in ipairs(redis.call('HMGET', index, unpack(holders))) do
    local holder = holders[at]
    if held == '+' then
      local several = keyOf('H', tenant, holder)
      redis.call('SREM', several, group)
      if redis.call('EXISTS', several) == 0 then
        gone[#gone + 1] = holder
      end
    else
      gone[#gone + 1] = holder
    end
  end
  if #gone > 0 then
    redis.call('HDEL', index, unpack(gone))
  end
end

local function readLease(tenant, group, holder)
  local packed = redis.call('HGET', keyOf('m', tenant, group), 'h' .. holder)
  return packed and deadlineOf(packed) > now and packed
end

-- All members less those that are dead and that nobody has swept yet: few, and all below the lower bounds that are due.
local function countLive(tenant, group)
  local zkey = keyOf('z', tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now))
  local count = redis.call('ZCARD', zkey)
  for _, holder in ipairs(suspects) do
    if not readLease(tenant, group, holder) then
      count = count - 1
    end
  end
  return count
end
