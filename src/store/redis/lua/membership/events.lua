-- Events of a group's membership, in the event topics of the group that are watched.
--
-- ARGV     1 entries and 2 idle ms of event topics, in every script that includes this
--@include shared/topics
--@include shared/watches
--@include membership/leases
--@include membership/revisions

-- What the script returns: its replies, then tenant and packed events for each time that events were recorded together.
local result = { '' }

local eventSlackMs = math.floor(tonumber(ARGV[2]) / 10)

-- Appends `many` packed events to topics at fresh timetokens: the last one has that of the entry, each before it one
-- microsecond less.
local function appendEvents(tenant, topics, packed, many)
  local id = digits(nextTimetoken(tenant, many)) .. '0-0'
  for _, topic in ipairs(topics) do
    addEntry(tenant, topic, ARGV[1], { id, 'e', packed })
    touchTopic(tenant, topic, ARGV[2], eventSlackMs)
  end
end

-- Packs `events`; see recordEvents. They are packed as MessagePack, of lists of numbers and names: text for each event would cost more
-- than all other work on it.
local function packEvents(tenant, group, events)
  local revision, lateMs, data = events.revision or false, events.lateMs or false, events.data or false
  return cmsgpack.pack({ events.type, group, dateMs(tenant), events.holders, events.epochs, revision, events.count, lateMs, data })
end

-- Returns those of `events` from one to another.
local function sliceOf(events, from, to)
  local before = from - 1
  return {
    type = events.type,
    holders = { unpack(events.holders, from, to) },
    epochs = { unpack(events.epochs, from, to) },
    revision = events.revision and events.revision + before,
    count = events.count + (events.type == 'granted' and before or -before),
    lateMs = events.lateMs and { unpack(events.lateMs, from, to) },
    data = events.data and { unpack(events.data, from, to) },
  }
end

-- Records events of one group: `events` has their `type`, the lists `holders` and `epochs`, and lists or nothing for `lateMs` and `data`. `revision` is that of the first, each next one is one more; nothing where the revisions are
-- the epochs. `count` is the number of members after the first, each next one is one more or less.
local function recordEvents(tenant, group, events)
  local topics = eventTopicsOf(tenant, group)
  if #topics == 0 then
    local length = #result
    result[length + 1], result[length + 2] = tenant, packEvents(tenant, group, events)
    return
  end
  local last = #events.holders
  for from = 1, last, maxEventsPerEntry do
    local to = math.min(last, from + maxEventsPerEntry - 1)
    local packed = packEvents(tenant, group, sliceOf(events, from, to))
    result[#result + 1] = tenant
    result[#result + 1] = packed
    appendEvents(tenant, topics, packed, to - from + 1)
  end
end

-- Records that the data of a lease changed.
local function recordChange(tenant, lease, data)
  local group = lease.group
  recordEvents(tenant, group, {
    type = 'changed',
    holders = { lease.holder },
    epochs = { lease.epoch },
    revision = revisionOf(tenant, group),
    count = redis.call('ZCARD', keyOf(MEMBERS, tenant, group)),
    data = data and { data },
  })
end
