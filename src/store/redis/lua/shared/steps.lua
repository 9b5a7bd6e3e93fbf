-- Shared: the steps of a group's membership.
--@include topics
--@include leases
--@include data
--@include holderIndex
--@include revisions
--@include versions

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

-- Adds packed steps whose last one has the timetoken `lastMicros`, and each before it one less.
local function appendSteps(tenant, topic, packed, lastMicros, keepEntries, idleMs, slackMs)
  redis.call('XADD', keyOf('s', tenant, topic), 'MAXLEN', keepEntries, digits(lastMicros) .. '0-0', 'e', packed)
  keepTopic(tenant, topic, idleMs, slackMs)
end

-- So many steps share an entry of a topic at the most: entries are what is counted when old ones are let go.
local maxSteps = 32

-- Records steps of one kind in one group: `holders` and `epochs`; `revision` of the first, each next one is one more, or
-- nothing where they are the epochs; `count` of members after the first, each next is one more or less; `lateMs` and
-- `data`, lists or nothing. They go to their group's topic and to those of the watched prefixes above it, and the tenant
-- and the packed steps are appended to `into`. Packed they are MessagePack, of lists of numbers and names: to write each
-- step out as text would cost more than all the rest that is done about it.
local function record(tenant, kind, group, steps, into)
  local many = #steps.holders
  for from = 1, many, maxSteps do
    local to = math.min(many, from + maxSteps - 1)
    local function part(list)
      return list and (many <= maxSteps and list or { unpack(list, from, to) }) or false
    end
    local packed = cmsgpack.pack({
      kind,
      group,
      wallMs,
      part(steps.holders),
      part(steps.epochs),
      steps.revision and steps.revision + from - 1 or false,
      steps.count + (kind == 'granted' and from - 1 or 1 - from),
      part(steps.lateMs),
      part(steps.data),
    })
    into[#into + 1] = tenant
    into[#into + 1] = packed
    nextTimetoken()
    tt = tt + to - from
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
end

local function recordChange(tenant, group, holder, epoch, data, into)
  record(tenant, 'changed', group, {
    holders = { holder },
    epochs = { epoch },
    revision = revisionOf(tenant, group),
    count = redis.call('ZCARD', keyOf('z', tenant, group)),
    data = data and { data },
  }, into)
end

local function forgetGroup(tenant, group)
  redis.call('HDEL', keyOf('r', tenant, ''), group)
  revisionsOf(tenant)[group] = nil
  redis.call('ZREM', keyOf('g', tenant, ''), group)
  redis.call('ZREM', dueKey, dueMember('g', tenant, group))
end

-- Takes leases of one group away: `ended` lists their holders, fields, epochs, how late they are and whether they have data
-- (1 or 0), and says whether any has. Appends to `into` as `record` does. `areFirst`: they are the first ones of the group
-- by deadline.
local function endLeases(tenant, group, ended, kind, into, areFirst)
  local holders, fields = ended.holders, ended.fields
  local many = #holders
  local zkey = keyOf('z', tenant, group)
  local data = ended.anyData and takeData(tenant, fields, ended.hasData)
  if areFirst then
    redis.call('ZREMRANGEBYRANK', zkey, 0, many - 1)
  else
    redis.call('ZREM', zkey, unpack(holders))
  end
  redis.call('HDEL', keyOf('l', tenant, ''), unpack(fields))
  removeHolders(tenant, holders, group)
  local count = redis.call('ZCARD', zkey)
  countUp('leases', tenant, -many)
  record(tenant, kind, group, {
    holders = holders,
    epochs = ended.epochs,
    revision = seq + 1,
    count = count + many - 1,
    lateMs = kind == 'expired' and ended.lateMs,
    data = data,
  }, into)
  seq = seq + many
  if count == 0 then
    forgetGroup(tenant, group)
  else
    revisionsOf(tenant)[group] = seq
    redis.call('HSET', keyOf('r', tenant, ''), group, digits(seq))
  end
end

local function endLease(tenant, field, packed, kind, into)
  local group, holder = groupAndHolder(field)
  local deadline, _, epoch, flag = unpackLease(packed)
  endLeases(tenant, group, {
    holders = { holder },
    fields = { field },
    epochs = { epoch },
    lateMs = { math.max(now - deadline, 0) },
    hasData = { flag },
    anyData = flag == 1,
  }, kind, into)
end
