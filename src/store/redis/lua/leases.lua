-- Shared: the steps of a group's membership. Needs partition.lua and topics.lua.
--
-- z<tenant><group>   ZSET holder -> deadline
-- m<tenant><group>   HASH 'h'<holder> -> '<epoch>|<ttl>|' and then '0', or '1' and the data; 'r' -> revision
-- h<tenant><holder>  SET of the holder's groups
-- g<tenant>          ZSET of the tenant's groups, all with score 0: ordered by name
-- due                ZSET '<kind><tenant><name>' -> lower bound of the earliest deadline in there

local eventKeepEntries = ARGV[1]
local eventIdleMs = ARGV[2]
local events = {}

local function packLease(epoch, ttl, data)
  if data then
    return digits(epoch) .. '|' .. digits(ttl) .. '|1' .. data
  end
  return digits(epoch) .. '|' .. digits(ttl) .. '|0'
end

-- Epoch, TTL, and data or false.
local function unpackLease(packed)
  local first = string.find(packed, '|', 1, true)
  local second = string.find(packed, '|', first + 1, true)
  local data = string.sub(packed, second + 1, second + 1) == '1' and string.sub(packed, second + 2)
  return tonumber(string.sub(packed, 1, first - 1)), tonumber(string.sub(packed, first + 1, second - 1)), data
end

local function record(tenant, group, holder, kind, epoch, revision, count, lateMs, data)
  local event = '{"type":"' .. kind .. '","group":' .. cjson.encode(group) .. ',"holder":' .. cjson.encode(holder)
    .. ',"epoch":' .. digits(epoch) .. ',"revision":' .. digits(revision) .. ',"count":' .. count
    .. ',"atMs":' .. digits(wallMs) .. ',"lateMs":' .. digits(lateMs)
    .. ',"data":' .. (data and cjson.encode(data) or 'null') .. '}'
  appendAt(tenant, 'leases:' .. group, digits(nextTimetoken()) .. '0', event, eventKeepEntries, eventIdleMs)
  return event
end

-- Takes leases of one group away, given as holder, deadline, holder, deadline, …; appends tenant and event to `into`.
local function endLeases(tenant, group, ended, kind, into)
  local zkey = keyOf('z', tenant, group)
  local mkey = keyOf('m', tenant, group)
  local holders = {}
  local fields = {}
  for at = 1, #ended, 2 do
    holders[#holders + 1] = ended[at]
    fields[#fields + 1] = 'h' .. ended[at]
  end
  local packed = redis.call('HMGET', mkey, unpack(fields))
  redis.call('ZREM', zkey, unpack(holders))
  redis.call('HDEL', mkey, unpack(fields))
  local count = redis.call('ZCARD', zkey)
  countUp('leases', tenant, -#holders)
  for at = 1, #holders do
    local holder = holders[at]
    redis.call('SREM', keyOf('h', tenant, holder), group)
    local epoch, _, data = unpackLease(packed[at])
    local lateMs = kind == 'expired' and math.max(now - tonumber(ended[2 * at]), 0) or 0
    into[#into + 1] = tenant
    into[#into + 1] = record(tenant, group, holder, kind, epoch, nextSeq(), count + #holders - at, lateMs, data)
  end
  if count == 0 then
    redis.call('DEL', mkey)
    redis.call('ZREM', keyOf('g', tenant, ''), group)
    redis.call('ZREM', dueKey, dueMember('g', tenant, group))
  else
    redis.call('HSET', mkey, 'r', digits(seq))
  end
end
