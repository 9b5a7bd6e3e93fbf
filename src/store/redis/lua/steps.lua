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
    known[group] = tonumber(redis.call('HGET', keyOf('r', tenant, ''), group) or 0)
  end
  return known[group]
end

-- So many steps share an entry of a topic at the most: entries are what is counted when old ones are let go.
local maxSteps = 32

-- Steps of one kind in one group, to be filled with `addStep` and recorded together. They are MessagePack, of lists of
-- numbers and names: to write each step out as text would cost more than all the rest that is done about it.
local function newSteps(kind, group)
  return { kind, group, wallMs, {}, {}, {}, {}, {}, false }
end

local function addStep(steps, holder, epoch, revision, count, lateMs, data)
  local at = #steps[4] + 1
  steps[4][at], steps[5][at], steps[6][at], steps[7][at], steps[8][at] = holder, epoch, revision, count, lateMs
  if data and not steps[9] then
    steps[9] = {}
    for before = 1, at - 1 do
      steps[9][before] = false
    end
  end
  if steps[9] then
    steps[9][at] = data or false
  end
end

-- Records steps: in their group's topic and in those of the watched prefixes above it. Appends the tenant and the steps
-- to `into`.
local function record(tenant, steps, into)
  local group, packed, count = steps[2], cmsgpack.pack(steps), #steps[4]
  into[#into + 1] = tenant
  into[#into + 1] = packed
  nextTimetoken()
  tt = tt + count - 1
  appendSteps(tenant, 'leases:' .. group, packed, tt, eventKeepEntries, eventIdleMs, eventSlackMs)
  local dot = string.find(group, '.', 1, true)
  if dot and isWatching(tenant) then
    local level = 1
    while dot and level <= maxWatchedLevels do
      local above = string.sub(group, 1, dot)
      if readVersion(tenant, watchedPrefixes, above) then
        appendSteps(tenant, 'leases-below:' .. above, packed, tt, eventKeepEntries, eventIdleMs, eventSlackMs)
      end
      dot = string.find(group, '.', dot + 1, true)
      level = level + 1
    end
  end
end

local function recordChange(tenant, group, holder, epoch, data, into)
  local steps = newSteps('changed', group)
  local count = redis.call('ZCARD', keyOf('z', tenant, group))
  addStep(steps, holder, epoch, revisionOf(tenant, group), count, 0, data)
  record(tenant, steps, into)
end

-- Takes leases of one group away: holders, and each one's field and packed lease. Appends to `into` as `record` does.
-- `areFirst`: they are the first ones of the group by deadline.
local function endLeases(tenant, group, holders, fields, packed, kind, into, areFirst)
  local zkey = keyOf('z', tenant, group)
  local data, withData = dataOfAll(tenant, fields, packed)
  if areFirst then
    redis.call('ZREMRANGEBYRANK', zkey, 0, #holders - 1)
  else
    redis.call('ZREM', zkey, unpack(holders))
  end
  redis.call('HDEL', keyOf('l', tenant, ''), unpack(fields))
  if #withData > 0 then
    redis.call('HDEL', keyOf('x', tenant, ''), unpack(withData))
  end
  removeHolders(tenant, holders, group)
  local count = redis.call('ZCARD', zkey)
  countUp('leases', tenant, -#holders)
  local steps = newSteps(kind, group)
  for at = 1, #holders do
    local deadline, _, epoch = unpackLease(packed[at])
    local lateMs = kind == 'expired' and math.max(now - deadline, 0) or 0
    addStep(steps, holders[at], epoch, nextSeq(), count + #holders - at, lateMs, data[at])
    if #steps[4] == maxSteps or at == #holders then
      record(tenant, steps, into)
      steps = newSteps(kind, group)
    end
  end
  if count == 0 then
    redis.call('HDEL', keyOf('r', tenant, ''), group)
    revisionsOf(tenant)[group] = nil
    redis.call('ZREM', keyOf('g', tenant, ''), group)
    redis.call('ZREM', dueKey, dueMember('g', tenant, group))
  else
    revisionsOf(tenant)[group] = seq
    redis.call('HSET', keyOf('r', tenant, ''), group, digits(seq))
  end
end
