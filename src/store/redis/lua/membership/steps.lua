-- Shared: the steps of a group's membership.
--@include shared/topics
--@include membership/leases
--@include membership/data
--@include membership/holderIndex
--@include membership/revisions
--@include shared/versions

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

-- Records steps of one kind in one group, of which the lists `holders` and `epochs` have those from `first` to `last`;
-- `revision` of the first, each next one is one more, or nothing where they are the epochs; `count` of members after the
-- first, each next is one more or less; `lateMs` and `data`, lists or nothing. They go to their group's topic and to those
-- of the watched prefixes above it, and the tenant and the packed steps are appended to `into`. Packed they are
-- MessagePack, of lists of numbers and names: to write each step out as text would cost more than all the rest that is
-- done about it.
local function record(tenant, kind, group, steps, first, last, into)
  for from = first, last, maxSteps do
    local to = math.min(last, from + maxSteps - 1)
    local packed = cmsgpack.pack({
      kind,
      group,
      wallMs,
      { unpack(steps.holders, from, to) },
      { unpack(steps.epochs, from, to) },
      steps.revision and steps.revision + from - first or false,
      steps.count + (kind == 'granted' and from - first or first - from),
      steps.lateMs and { unpack(steps.lateMs, from, to) } or false,
      steps.data and { unpack(steps.data, from, to) } or false,
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
  }, 1, 1, into)
end

local function forgetGroups(tenant, groups)
  redis.call('HDEL', keyOf('r', tenant, ''), unpack(groups))
  redis.call('ZREM', keyOf('g', tenant, ''), unpack(groups))
  local members = {}
  for at, group in ipairs(groups) do
    revisionsOf(tenant)[group] = nil
    members[at] = dueMember('g', tenant, group)
  end
  redis.call('ZREM', dueKey, unpack(members))
end

-- Takes leases of one tenant away: `ended` lists their holders, fields, epochs, how late they are and which have data (1),
-- and says whether any has. Of the groups in `parts` each has those from `from` to `to`; `areFirst`: they are the first
-- ones of their group by deadline. Appends to `into` as `record` does.
local function endLeases(tenant, kind, ended, parts, into)
  local holders = ended.holders
  local data = ended.anyData and takeData(tenant, ended.fields, ended.hasData)
  redis.call('HDEL', keyOf('l', tenant, ''), unpack(ended.fields))
  removeHolders(tenant, holders, ended.fields, parts)
  countUp('leases', tenant, -#holders)
  local steps = { holders = holders, epochs = ended.epochs, lateMs = kind == 'expired' and ended.lateMs, data = data }
  local emptied, newRevisions = {}, {}
  for _, part in ipairs(parts) do
    local group, from, to = part.group, part.from, part.to
    local zkey = keyOf('z', tenant, group)
    local many = to - from + 1
    if part.areFirst then
      redis.call('ZREMRANGEBYRANK', zkey, 0, many - 1)
    else
      redis.call('ZREM', zkey, unpack(holders, from, to))
    end
    local count = redis.call('ZCARD', zkey)
    steps.revision, steps.count = seq + 1, count + many - 1
    record(tenant, kind, group, steps, from, to, into)
    seq = seq + many
    if count == 0 then
      emptied[#emptied + 1] = group
    else
      revisionsOf(tenant)[group] = seq
      newRevisions[#newRevisions + 1] = group
      newRevisions[#newRevisions + 1] = digits(seq)
    end
  end
  if #emptied > 0 then
    forgetGroups(tenant, emptied)
  end
  if #newRevisions > 0 then
    redis.call('HSET', keyOf('r', tenant, ''), unpack(newRevisions))
  end
end

local function endLease(tenant, field, packed, kind, into)
  local group, holder = groupAndHolder(field)
  local deadline, _, epoch, flag = unpackLease(packed)
  endLeases(tenant, kind, {
    holders = { holder },
    fields = { field },
    epochs = { epoch },
    lateMs = { math.max(now - deadline, 0) },
    hasData = { flag },
    anyData = flag == 1,
  }, { { group = group, from = 1, to = 1 } }, into)
end
