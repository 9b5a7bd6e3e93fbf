-- Shared: leases as they are stored. Needs partition.lua.
--
-- l<tenant>          HASH of all leases: '<length of the group>:<group><holder>' (the field of a lease)
--                    -> deadline, ttl, epoch, 1 with data or 0 without (the packed lease)
-- x<tenant>          HASH of the data of those that have any, by the same fields: a renewal leaves it where it is
-- r<tenant>          HASH group -> revision
-- z<tenant><group>   ZSET holder -> lower bound of its deadline: a renewal leaves it alone, the sweep brings it up to date
-- h<tenant>          HASH holder -> '=' and the field of its lease less the holder, or '+' if it has several
-- H<tenant><holder>  SET of the holder's groups where it has several
-- +<tenant>          SET of the holders that have several: where there are none, nobody need be asked
-- g<tenant>          ZSET of the tenant's groups, all with score 0: ordered by name
-- due                ZSET '<kind><tenant><name>' -> lower bound of the earliest deadline in there
--
-- All leases of a tenant are in one hash so that a batch of beats is read in one call and written in another. They are
-- packed as numbers, for what a script spends most time on is making strings.

local pack, unpackNumbers = struct.pack, struct.unpack
local leaseFormat = '>dddB'

-- As many as one call takes, with room to spare.
local maxTogether = 1000

local function packLease(deadline, ttl, epoch, hasData)
  return pack(leaseFormat, deadline, ttl, epoch, hasData)
end

-- Deadline, TTL, epoch, and 1 with data or 0 without.
local function unpackLease(packed)
  return unpackNumbers(leaseFormat, packed)
end

local function hasData(packed)
  return string.byte(packed, -1) == 1
end

local function isLive(packed)
  return packed and unpackNumbers('>d', packed) > now
end

local function headOf(group)
  return #group .. ':' .. group
end

-- Mostly one field has the group of the one before.
local lastHead, lastGroup
local function groupAndHolder(field)
  if not lastHead or string.sub(field, 1, #lastHead) ~= lastHead then
    local colon = string.find(field, ':', 1, true)
    local length = tonumber(string.sub(field, 1, colon - 1))
    lastHead = string.sub(field, 1, colon + length)
    lastGroup = string.sub(lastHead, colon + 1)
  end
  return lastGroup, string.sub(field, #lastHead + 1)
end

local function fieldsOf(group, holders)
  local head = headOf(group)
  local fields = {}
  for at = 1, #holders do
    fields[at] = head .. holders[at]
  end
  return fields
end

local function dataAt(tenant, field)
  return redis.call('HGET', keyOf('x', tenant, ''), field)
end

-- Each one's data or false. `hasData`: for each 1 or 0.
local function dataOfAll(tenant, fields, hasData)
  local wanted, places, data = {}, {}, {}
  for at = 1, #fields do
    data[at] = false
    if hasData[at] == 1 then
      wanted[#wanted + 1], places[#places + 1] = fields[at], at
    end
  end
  if #wanted > 0 then
    for index, found in ipairs(redis.call('HMGET', keyOf('x', tenant, ''), unpack(wanted))) do
      data[places[index]] = found
    end
  end
  return data, wanted
end

-- The same, and nothing is left of it.
local function takeData(tenant, fields, hasData)
  local data, wanted = dataOfAll(tenant, fields, hasData)
  if #wanted > 0 then
    redis.call('HDEL', keyOf('x', tenant, ''), unpack(wanted))
  end
  return data
end

-- Adds the fields of all leases of a holder, of which the index says `held`.
local function addFields(fields, tenant, holder, held)
  if held == '+' then
    local groups = redis.call('SMEMBERS', keyOf('H', tenant, holder))
    table.sort(groups)
    for _, group in ipairs(groups) do
      fields[#fields + 1] = headOf(group) .. holder
    end
  elseif held then
    fields[#fields + 1] = string.sub(held, 2) .. holder
  end
end

local function fieldsHeld(tenant, holder)
  local fields = {}
  addFields(fields, tenant, holder, redis.call('HGET', keyOf('h', tenant, ''), holder))
  return fields
end

-- Notes new leases: each of some holders, and the head of its group.
local function addHolders(tenant, holders, heads)
  local index = keyOf('h', tenant, '')
  local held, changed, several = {}, {}, {}
  for at, found in ipairs(redis.call('HMGET', index, unpack(holders))) do
    held[holders[at]] = found
  end
  for at, holder in ipairs(holders) do
    local before, one = held[holder], '=' .. heads[at]
    if not before then
      held[holder], changed[holder] = one, one
    elseif before ~= one then
      local groups = several[holder] or {}
      several[holder] = groups
      if before ~= '+' then
        groups[#groups + 1] = groupAndHolder(string.sub(before, 2))
        held[holder], changed[holder] = '+', '+'
      end
      groups[#groups + 1] = groupAndHolder(heads[at])
    end
  end
  for holder, groups in pairs(several) do
    redis.call('SADD', keyOf('H', tenant, holder), unpack(groups))
    redis.call('SADD', keyOf('+', tenant, ''), holder)
  end
  local pairsOf = {}
  for holder, after in pairs(changed) do
    pairsOf[#pairsOf + 1] = holder
    pairsOf[#pairsOf + 1] = after
  end
  if #pairsOf > 0 then
    redis.call('HSET', index, unpack(pairsOf))
  end
end

-- Forgets leases: each of some holders, of one group.
local function removeHolders(tenant, holders, group)
  local index, several = keyOf('h', tenant, ''), keyOf('+', tenant, '')
  local gone = holders
  if redis.call('EXISTS', several) == 1 then
    gone = {}
    for at, held in ipairs(redis.call('HMGET', index, unpack(holders))) do
      local holder = holders[at]
      local groups = keyOf('H', tenant, holder)
      if held == '+' then
        redis.call('SREM', groups, group)
      end
      if held ~= '+' or redis.call('EXISTS', groups) == 0 then
        gone[#gone + 1] = holder
        if held == '+' then
          redis.call('SREM', several, holder)
        end
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', index, unpack(gone))
  end
end

-- The packed lease if it is live.
local function readLive(tenant, field)
  local packed = redis.call('HGET', keyOf('l', tenant, ''), field)
  return isLive(packed) and packed
end

-- All members less those that are dead and that nobody has swept yet: few, and all below the lower bounds that are due.
local function countLive(tenant, group)
  local zkey = keyOf('z', tenant, group)
  local suspects = redis.call('ZRANGEBYSCORE', zkey, '-inf', digits(now))
  local count = redis.call('ZCARD', zkey)
  for _, field in ipairs(fieldsOf(group, suspects)) do
    if not readLive(tenant, field) then
      count = count - 1
    end
  end
  return count
end
