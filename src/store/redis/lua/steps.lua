-- Shared: the steps of a group's membership. Needs partition.lua, topics.lua, packed.lua and documents.lua.

local eventKeepEntries = ARGV[1]
local eventIdleMs = ARGV[2]

local eventSlackMs = math.floor(tonumber(eventIdleMs) / 10)

local watchedPrefixes = 'watched-prefixes'
local maxWatchedLevels = 2

-- Whether the tenant has any prefix watched, looked up once a call.
local watching = {}
local function isWatching(tenant)
  if watching[tenant] == nil then
    watching[tenant] = redis.call('EXISTS', keyOf('v', tenant, watchedPrefixes)) == 1
  end
  return watching[tenant]
end

-- Whole numbers come as text.
local function record(tenant, group, holder, kind, epoch, revision, count, lateMs, data)
  local event = '{"type":"' .. kind .. '","group":' .. cjson.encode(group) .. ',"holder":' .. cjson.encode(holder)
    .. ',"epoch":' .. epoch .. ',"revision":' .. revision .. ',"count":' .. count .. ',"atMs":' .. wallText
    .. ',"lateMs":' .. lateMs .. ',"data":' .. (data and cjson.encode(data) or 'null') .. '}'
  local position = digits(nextTimetoken()) .. '0'
  appendAt(tenant, 'leases:' .. group, position, event, eventKeepEntries, eventIdleMs, eventSlackMs)
  local dot = string.find(group, '.', 1, true)
  if dot and isWatching(tenant) then
    local level = 1
    while dot and level <= maxWatchedLevels do
      local prefix = string.sub(group, 1, dot)
      if readVersion(tenant, watchedPrefixes, prefix) then
        appendAt(tenant, 'leases-below:' .. prefix, position, event, eventKeepEntries, eventIdleMs, eventSlackMs)
      end
      dot = string.find(group, '.', dot + 1, true)
      level = level + 1
    end
  end
  return event
end

-- Takes leases of one group away: holders, and each one's packed lease. Appends tenant and event to `into`.
local function endLeases(tenant, group, holders, packed, kind, into)
  local zkey = keyOf('z', tenant, group)
  local mkey = keyOf('m', tenant, group)
  local fields = {}
  for at = 1, #holders do
    fields[at] = 'h' .. holders[at]
  end
  redis.call('ZREM', zkey, unpack(holders))
  redis.call('HDEL', mkey, unpack(fields))
  local count = redis.call('ZCARD', zkey)
  countUp('leases', tenant, -#holders)
  for at = 1, #holders do
    local holder = holders[at]
    redis.call('SREM', keyOf('h', tenant, holder), group)
    local deadline, _, epoch, data = unpackLease(packed[at])
    local lateMs = kind == 'expired' and digits(math.max(now - deadline, 0)) or '0'
    local left = count + #holders - at
    into[#into + 1] = tenant
    into[#into + 1] = record(tenant, group, holder, kind, epoch, digits(nextSeq()), left, lateMs, data)
  end
  if count == 0 then
    redis.call('DEL', mkey)
    redis.call('ZREM', keyOf('g', tenant, ''), group)
    redis.call('ZREM', dueKey, dueMember('g', tenant, group))
  else
    redis.call('HSET', mkey, 'r', digits(seq))
  end
end
