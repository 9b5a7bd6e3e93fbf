-- Shared: leases as they are stored. Needs partition.lua.
--
-- m<tenant><group>   HASH 'h'<holder> -> '<deadline>|<ttl>|<epoch>|' and then '0', or '1' and the data; 'r' -> revision
-- z<tenant><group>   ZSET holder -> lower bound of its deadline: a renewal leaves it alone, the sweep brings it up to date
-- h<tenant><holder>  SET of the holder's groups
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
  local first = string.find(packed, '|', 1, true)
  local second = string.find(packed, '|', first + 1, true)
  local third = string.find(packed, '|', second + 1, true)
  local data = string.sub(packed, third + 1, third + 1) == '1' and string.sub(packed, third + 2)
  return tonumber(string.sub(packed, 1, first - 1)),
    tonumber(string.sub(packed, first + 1, second - 1)),
    string.sub(packed, second + 1, third - 1),
    data
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
