-- Watches: which groups have event topics.
--@include shared/partition

local WATCHED_GROUPS = 'g'
local WATCHED_PREFIXES = 'p'

-- Watches run on the partition's lease clock without what it was advanced on purpose, also those of a tenant with a clock of its own:
-- those who set them are still there.
local watchNow = leaseMs - movedMs

-- Returns whether a tenant has watches of groups and of prefixes; read once a call.
local knownWatches = {}
local function watchesOf(tenant)
  local known = knownWatches[tenant]
  if not known then
    known = {
      groups = redis.call('EXISTS', keyOf(WATCHES, tenant, WATCHED_GROUPS)) == 1,
      prefixes = redis.call('EXISTS', keyOf(WATCHES, tenant, WATCHED_PREFIXES)) == 1,
    }
    knownWatches[tenant] = known
  end
  return known
end

local noTopics = {}

-- Returns the topics that get the events of a group now.
local function eventTopicsOf(tenant, group)
  local known = watchesOf(tenant)
  if not known.groups and not known.prefixes then
    return noTopics
  end
  local topics = {}
  if known.groups then
    local deadline = redis.call('ZSCORE', keyOf(WATCHES, tenant, WATCHED_GROUPS), group)
    if deadline and tonumber(deadline) > watchNow then
      topics[1] = leaseEventsPrefix .. group
    end
  end
  if known.prefixes then
    local prefixes = {}
    for length = 0, math.min(#group, maxWatchedPrefixBytes) do
      prefixes[length + 1] = string.sub(group, 1, length)
    end
    local deadlines = redis.call('ZMSCORE', keyOf(WATCHES, tenant, WATCHED_PREFIXES), unpack(prefixes))
    for at, deadline in ipairs(deadlines) do
      if deadline and tonumber(deadline) > watchNow then
        topics[#topics + 1] = leaseEventsBelowPrefix .. prefixes[at]
      end
    end
  end
  return topics
end
