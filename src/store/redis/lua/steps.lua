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

local function quoted(text)
  -- Nothing to escape, as nearly always.
  if not string.find(text, '[%c"\\\127-\255]') then
    return '"' .. text .. '"'
  end
  return cjson.encode(text)
end

-- The events of steps of one group share what does not differ. Whole numbers come as text.
local function eventWriter(group, kind)
  local wallText = digits(wallMs)
  local head = '{"type":"' .. kind .. '","group":' .. cjson.encode(group) .. ',"holder":'
  return function(holder, epoch, revision, count, lateMs, data)
    return head .. quoted(holder) .. ',"epoch":' .. epoch .. ',"revision":' .. revision .. ',"count":' .. count
      .. ',"atMs":' .. wallText .. ',"lateMs":' .. lateMs .. ',"data":' .. (data and cjson.encode(data) or 'null') .. '}'
  end
end

-- Records steps of one group, in order: in its topic and in those of the watched prefixes above it. Appends the tenant and
-- the events, one a line, to `into`.
local function record(tenant, group, events, into)
  into[#into + 1] = tenant
  into[#into + 1] = table.concat(events, '\n')
  nextTimetoken()
  tt = tt + #events - 1
  appendEvents(tenant, 'leases:' .. group, events, tt, eventKeepEntries, eventIdleMs, eventSlackMs)
  local dot = string.find(group, '.', 1, true)
  if dot and isWatching(tenant) then
    local level = 1
    while dot and level <= maxWatchedLevels do
      local above = string.sub(group, 1, dot)
      if readVersion(tenant, watchedPrefixes, above) then
        appendEvents(tenant, 'leases-below:' .. above, events, tt, eventKeepEntries, eventIdleMs, eventSlackMs)
      end
      dot = string.find(group, '.', dot + 1, true)
      level = level + 1
    end
  end
end

local function recordOne(tenant, group, holder, kind, epoch, revision, count, data, into)
  record(tenant, group, { eventWriter(group, kind)(holder, epoch, revision, count, '0', data) }, into)
end

-- Revisions that were read or made in this call.
local revisions = {}
local function revisionsOf(tenant)
  local known = revisions[tenant]
  if not known then
    known = {}
    revisions[tenant] = known
  end
  return known
end

local function revisionOf(tenant, group)
  local known = revisionsOf(tenant)
  if not known[group] then
    known[group] = redis.call('HGET', keyOf('r', tenant, ''), group) or '0'
  end
  return known[group]
end

local function setRevision(tenant, group, revision)
  redis.call('HSET', keyOf('r', tenant, ''), group, revision)
  revisionsOf(tenant)[group] = revision
end

-- Takes leases of one group away: holders, and each one's packed lease. Appends to `into` as `record` does.
local function endLeases(tenant, group, holders, packed, kind, into)
  local zkey = keyOf('z', tenant, group)
  local fields = fieldsOf(group, holders)
  local data, withData = dataOfAll(tenant, fields, packed)
  redis.call('ZREM', zkey, unpack(holders))
  redis.call('HDEL', keyOf('l', tenant, ''), unpack(fields))
  if #withData > 0 then
    redis.call('HDEL', keyOf('x', tenant, ''), unpack(withData))
  end
  removeHolders(tenant, holders, group)
  local count = redis.call('ZCARD', zkey)
  countUp('leases', tenant, -#holders)
  local write = eventWriter(group, kind)
  local events = {}
  for at = 1, #holders do
    local deadline, _, epoch = unpackLease(packed[at])
    local lateMs = kind == 'expired' and digits(math.max(now - deadline, 0)) or '0'
    events[at] = write(holders[at], digits(epoch), digits(nextSeq()), count + #holders - at, lateMs, data[at])
  end
  record(tenant, group, events, into)
  if count == 0 then
    redis.call('HDEL', keyOf('r', tenant, ''), group)
    revisionsOf(tenant)[group] = nil
    redis.call('ZREM', keyOf('g', tenant, ''), group)
    redis.call('ZREM', dueKey, dueMember('g', tenant, group))
  else
    setRevision(tenant, group, digits(seq))
  end
end
