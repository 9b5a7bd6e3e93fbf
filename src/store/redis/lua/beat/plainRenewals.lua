-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include membership/leases
--@include shared/versions
--@include membership/revisions

local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- Returns a packed record with a later deadline for those of its leases that have these names, and the position of their bundle;
-- nothing if no bundle has exactly these, or they are dead, or would end earlier. `times` has the time, and keeps what was packed last.
local function renewBundle(packed, names, ttl, times)
  local nowMs = times.nowMs
  local at, length = 1, #names
  while at <= #packed do
    local deadline, oldTtl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local namesAt = at + HEAD_BYTES + NUMBERS_BYTES * count
    if bytes == length and string.find(packed, names, namesAt, true) == namesAt then
      ttl = ttl or oldTtl
      if deadline <= nowMs or deadline > nowMs + ttl then
        return
      end
      if times.ttl ~= ttl then
        times.ttl, times.packed = ttl, pack(TIMES_FORMAT, nowMs + ttl, ttl)
      end
      local renewed = times.packed .. string.sub(packed, at + TIMES_BYTES)
      return at == 1 and renewed or string.sub(packed, 1, at - 1) .. renewed, at
    end
    at = namesAt + bytes
  end
end

-- Replies with the revisions of the groups in ARGV from `first` to `last`.
local function replyRevisions(tenant, first, last)
  for from = first, last, MAX_TOGETHER do
    local found = redis.call('HMGET', keyOf(REVISIONS, tenant, ''), unpack(ARGV, from, math.min(last, from + MAX_TOGETHER - 1)))
    for index = 1, #found do
      found[index] = found[index] or '0'
    end
    reply(table.concat(found, ';') .. ';')
  end
end

-- Returns the data of each lease of the beats in ARGV from `first` on; with `groups`, of those that come with data.
local function dataOfEach(tenant, first, many, groups)
  local fields = {}
  for at = first, first + many - 1 do
    for index, group in ipairs(groupsOfNames(ARGV[at + many])) do
      if not groups or string.byte(groups, index) == 49 then
        fields[#fields + 1] = fieldOf(group, ARGV[at])
      end
    end
  end
  return redis.call('HMGET', keyOf(LEASE_DATA, tenant, ''), unpack(fields))
end

-- Returns whether leases have the data that their beats come with, which is in ARGV from `first` on.
local function isSameData(stored, first)
  for index = 1, #stored do
    if stored[index] ~= ARGV[first + index - 1] then
      return false
    end
  end
  return true
end

-- Returns whether the data of single leases has the known versions. `bundles`: packed record and position of each.
local function areKnown(bundles, known)
  for index = 1, #bundles do
    local versionAt = bundles[index][2] + HEAD_BYTES + VERSION_AT
    if string.sub(bundles[index][1], versionAt, versionAt + 1) ~= string.sub(known, 2 * index - 1, 2 * index) then
      return false
    end
  end
  return true
end

-- Replies with all of single leases, renewed a moment ago. `bundles`: packed record and position of each.
local function replyAll(tenant, first, many, bundles, data)
  local groups = {}
  for index = 1, many do
    groups[index] = groupAt(ARGV[first + many + index - 1], 1)
  end
  readRevisions(tenant, groups)
  for index = 1, many do
    local bundle = bundles[index]
    local epoch, version = unpackNumbers(NUMBERS_FORMAT, bundle[1], bundle[2] + HEAD_BYTES)
    local found = version > 0 and data[index]
    local text = 'r' .. digits(revisionOf(tenant, groups[index])) .. ';' .. digits(epoch) .. ';'
    reply(found and text .. '+' .. #found .. ';' .. found or text .. '-')
  end
end

-- Renews the leases of a batch of plain renewals and returns true. Returns false at the first beat that is something else;
-- to renew again what was renewed before it changes nothing.
local function renewAll()
  local at = 3
  while ARGV[at] do
    local tenant, many = ARGV[at], tonumber(ARGV[at + 2])
    local ttl, returning, guards, atEnd, groups =
      string.match(ARGV[at + 1], '^(%d*),%d+,[01],(%l+),(%d+),(%d+),([01]+)$')
    if not ttl or many > MAX_TOGETHER or guards ~= '0' and failedGuards(tenant, at + 4, tonumber(guards)) then
      return false
    end
    local returnsAll, returnsData = returning == 'all', returning == 'data'
    local withData = string.find(groups, '1', 1, true)
    if (returnsAll or returnsData) and #groups > 1 or returnsData and atEnd == '0' or withData and many * #groups > MAX_TOGETHER then
      return false
    end
    ttl = tonumber(ttl)
    local first = at + 4 + 3 * guards
    local leasesKey, times = keyOf(LEASES, tenant, ''), { nowMs = now(tenant) }
    local stored = redis.call('HMGET', leasesKey, unpack(ARGV, first, first + many - 1))
    local dataAfter = first + 2 * many
    local sameData = withData and dataOfEach(tenant, first, many, groups)
    if withData and not isSameData(sameData, dataAfter) then
      return false
    end
    -- Filled with any names, so that the table has its final size: to grow it would cost more than to fill it.
    local renewals = { leasesKey, unpack(ARGV, first, first + 2 * many - 1) }
    local latest, bundles = nil, {}
    for index = 1, many do
      local holder = ARGV[first + index - 1]
      local names, packed, bundleAt = ARGV[first + many + index - 1], stored[index], 1
      if not packed then
        return false
      end
      if HEAD_BYTES + NUMBERS_BYTES * #groups + #names < #packed then
        -- Another beat of the batch may have renewed another bundle of the record.
        latest = latest or {}
        packed = latest[holder] or packed
      end
      packed, bundleAt = renewBundle(packed, names, ttl, times)
      if not packed then
        return false
      end
      if latest then
        latest[holder] = packed
      end
      if returnsAll or returnsData then
        bundles[index] = { packed, bundleAt }
      end
      renewals[2 * index] = holder
      renewals[2 * index + 1] = packed
    end
    at = dataAfter + (withData and #sameData or 0)
    if returnsData and not areKnown(bundles, ARGV[at]) then
      return false
    end
    redis.call('HSET', unpack(renewals))
    if returnsAll then
      reply(many .. ';-')
      replyAll(tenant, first, many, bundles, sameData or dataOfEach(tenant, first, many))
    else
      reply(many .. ';r')
    end
    if returning == 'revision' then
      replyRevisions(tenant, at, at + atEnd - 1)
    end
    at = at + atEnd
  end
  return true
end
