-- Events of a group's membership, in the topic of the group and in those that copy it.
--
-- ARGV     1 entries and 2 idle ms of event topics, in every script that includes this
--@include shared/topics
--@include shared/versions
--@include membership/leases
--@include membership/revisions

-- What the script returns: its replies, then tenant and packed events for each time that events were recorded together.
local result = { '' }

local eventSlackMs = math.floor(tonumber(ARGV[2]) / 10)

-- Appends packed events: the last one has the timetoken `lastMicros`, each before it one microsecond less.
local function appendEvents(tenant, topic, packed, lastMicros)
  redis.call('XADD', keyOf(ENTRIES, tenant, topic), 'MAXLEN', ARGV[1], digits(lastMicros) .. '0-0', 'e', packed)
  touchTopic(tenant, topic, ARGV[2], eventSlackMs)
end

-- Returns whether the tenant has any copies of events; read once a call.
local hasCopies = {}
local function copiesEvents(tenant)
  if hasCopies[tenant] == nil then
    hasCopies[tenant] = redis.call('EXISTS', keyOf(VERSIONS, tenant, eventCopies)) == 1
  end
  return hasCopies[tenant]
end

-- Returns the topics, apart from the group's own, that copy the events of a group: the values of the documents in the
-- collection `eventCopies` whose keys the group's name starts with.
local function copiesOf(tenant, group)
  local prefixes = {}
  for length = 0, math.min(#group, maxCopyPrefixBytes) do
    prefixes[length + 1] = string.sub(group, 1, length)
  end
  local topics, isKnown = {}, { [leaseEventsPrefix .. group] = true }
  for at, packed in ipairs(redis.call('HMGET', keyOf(VERSIONS, tenant, eventCopies), unpack(prefixes))) do
    if unpackVersion(packed) then
      local topic = redis.call('HGET', keyOf(DOCUMENTS, tenant, eventCopies), prefixes[at])
      if topic and not isKnown[topic] then
        isKnown[topic] = true
        topics[#topics + 1] = topic
      end
    end
  end
  return topics
end

-- Records events of one group: `events` has their `type`, the lists `holders` and `epochs`, of which those from `first` to
-- `last` are meant, and lists or nothing for `lateMs` and `data`. `revision` is that of the first, each next one is one more;
-- nothing where the revisions are the epochs. `count` is the number of members after the first, each next one is one more or
-- less. They are packed as MessagePack, of lists of numbers and names: text for each event would cost more than all other
-- work on it.
local function recordEvents(tenant, group, events)
  local copies = copiesEvents(tenant) and copiesOf(tenant, group)
  local first, last = events.first, events.last
  for from = first, last, maxEventsPerEntry do
    local to = math.min(last, from + maxEventsPerEntry - 1)
    local packed = cmsgpack.pack({
      events.type,
      group,
      wallMs,
      { unpack(events.holders, from, to) },
      { unpack(events.epochs, from, to) },
      events.revision and events.revision + from - first or false,
      events.count + (events.type == 'granted' and from - first or first - from),
      events.lateMs and { unpack(events.lateMs, from, to) } or false,
      events.data and { unpack(events.data, from, to) } or false,
    })
    result[#result + 1] = tenant
    result[#result + 1] = packed
    nextTimetoken()
    tt = tt + to - from
    appendEvents(tenant, leaseEventsPrefix .. group, packed, tt)
    for _, topic in ipairs(copies or {}) do
      appendEvents(tenant, topic, packed, tt)
    end
  end
end

local function recordChange(tenant, field, epoch, data)
  local group, holder = groupAndHolder(field)
  recordEvents(tenant, group, {
    type = 'changed',
    holders = { holder },
    epochs = { epoch },
    first = 1,
    last = 1,
    revision = revisionOf(tenant, group),
    count = redis.call('ZCARD', keyOf(MEMBERS, tenant, group)),
    data = data and { data },
  })
end
