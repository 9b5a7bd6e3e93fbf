-- Watches the events of groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per command: tenant, ms, holder whose grants are recorded or '', sequence
--          after which, number of groups, group*, number of prefixes, prefix*
-- Returns  { replies }; per command: { timetoken, sequence } before what it recorded, or why the tenant may hold no more (shared/bytes.lua)
--@include membership/records
--@include membership/data
--@include membership/events
--@include shared/memory
--@include shared/bytes

local function isWatchable(watched, name)
  return watched == WATCHED_GROUPS or #name <= maxWatchedPrefixBytes
end

-- Returns the bytes of the watches that are not set yet. The names are in ARGV from `first` to `last`.
local function bytesOfNew(tenant, watched, first, last)
  local bytes, watchesKey = 0, keyOf(WATCHES, tenant, watched)
  for from = first, last, MAX_TOGETHER do
    local to = math.min(last, from + MAX_TOGETHER - 1)
    for index, deadline in ipairs(redis.call('ZMSCORE', watchesKey, unpack(ARGV, from, to))) do
      local name = ARGV[from + index - 1]
      if not deadline and isWatchable(watched, name) then
        bytes = bytes + watchOverheadBytes + #name
      end
    end
  end
  return bytes
end

-- Sets watches, or extends them when less than half of their time is left. The names are in ARGV from `first` to `last`.
local function setWatches(tenant, watched, forMs, first, last)
  local watchesKey = keyOf(WATCHES, tenant, watched)
  for from = first, last, MAX_TOGETHER do
    local to = math.min(last, from + MAX_TOGETHER - 1)
    local scores, isNew = {}, {}
    for index, deadline in ipairs(redis.call('ZMSCORE', watchesKey, unpack(ARGV, from, to))) do
      local name = ARGV[from + index - 1]
      if isWatchable(watched, name) and (not deadline or tonumber(deadline) - watchNow < forMs / 2) then
        if not deadline and not isNew[name] then
          isNew[name] = true
          countUp('bytes', tenant, watchOverheadBytes + #name)
        end
        scores[#scores + 1] = digits(watchNow + forMs)
        scores[#scores + 1] = name
      end
    end
    if #scores > 0 then
      redis.call('ZADD', watchesKey, unpack(scores))
      redis.call('ZADD', prefix .. DUE, 'LT', digits(leaseMs + forMs), dueMember(DUE_WATCHES, tenant, ''))
      knownWatches[tenant] = nil
    end
  end
end

-- Returns the live leases of a holder that were granted after `since`, earliest first, and whose events nobody watched.
local function unwatchedGrants(tenant, holder, since)
  local found = {}
  for _, lease in ipairs(leasesHeld(tenant, holder)) do
    local group, epoch = lease.group, lease.epoch
    if lease.deadline > now(tenant) and epoch > since and #eventTopicsOf(tenant, group) == 0 then
      local data = lease.version > 0 and dataAt(tenant, fieldOf(group, holder))
      found[#found + 1] = { group = group, epoch = epoch, data = data }
    end
  end
  table.sort(found, function(a, b)
    return a.epoch < b.epoch
  end)
  return found
end

-- Records grants of a holder as if they happened now, where their groups are watched.
local function recordGrants(tenant, holder, grants)
  for _, grant in ipairs(grants) do
    local topics = eventTopicsOf(tenant, grant.group)
    if #topics > 0 then
      local packed = packEvents(tenant, grant.group, {
        type = 'granted',
        holders = { holder },
        epochs = { grant.epoch },
        count = redis.call('ZCARD', keyOf(MEMBERS, tenant, grant.group)),
        data = grant.data and { grant.data },
      })
      appendEvents(tenant, topics, packed, 1)
    end
  end
end

local replies = {}
result[1] = replies
local at = 3
while ARGV[at] do
  local tenant, forMs, holder, since = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3])
  local groups = at + 4
  local prefixes = groups + 1 + tonumber(ARGV[groups])
  local last = prefixes + tonumber(ARGV[prefixes])
  local bytes = bytesOfNew(tenant, WATCHED_GROUPS, groups + 1, prefixes - 1)
    + bytesOfNew(tenant, WATCHED_PREFIXES, prefixes + 1, last)
  local refusal = refusalOf(tenant, bytes)
  if refusal then
    replies[#replies + 1] = refusal
  else
    replies[#replies + 1] = { digits(nextTimetoken(tenant, 0)) .. '0', digits(seqStored) }
    local grants = holder ~= '' and unwatchedGrants(tenant, holder, since) or {}
    setWatches(tenant, WATCHED_GROUPS, forMs, groups + 1, prefixes - 1)
    setWatches(tenant, WATCHED_PREFIXES, forMs, prefixes + 1, last)
    recordGrants(tenant, holder, grants)
  end
  at = last + 1
end
-- Where every watch has time left no memory is needed.
admitWrites()
publishAppends()
saveCounters()
return result
