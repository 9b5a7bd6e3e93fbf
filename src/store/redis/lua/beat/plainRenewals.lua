-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include membership/leases
--@include shared/versions
--@include membership/revisions

local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- Returns a packed record with a later deadline for those of its leases that have these names, and the position of their bundle;
-- nothing if no bundle has exactly these, or they are dead, or would end earlier.
local function renewBundle(packed, names, ttl, nowMs)
  local at, length = 1, #names
  while at <= #packed do
    local deadline, oldTtl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local namesAt = at + HEAD_BYTES + NUMBERS_BYTES * count
    if bytes == length and string.find(packed, names, namesAt, true) == namesAt then
      ttl = ttl or oldTtl
      if deadline <= nowMs or deadline > nowMs + ttl then
        return
      end
      local renewed = pack(TIMES_FORMAT, nowMs + ttl, ttl) .. string.sub(packed, at + TIMES_BYTES)
      return at == 1 and renewed or string.sub(packed, 1, at - 1) .. renewed, at
    end
    at = namesAt + bytes
  end
end

-- Replies with the revisions of leases, once for consecutive leases of one group. Their names are in ARGV from `first` to `last`.
local function replyRevisions(tenant, first, last)
  local groups = {}
  for at = first, last do
    for _, group in ipairs(groupsOfNames(ARGV[at])) do
      groups[#groups + 1] = group
    end
  end
  readRevisions(tenant, groups)
  local from = 1
  while from <= #groups do
    local group, to = groups[from], from
    while groups[to + 1] == group do
      to = to + 1
    end
    reply((to - from + 1) .. ';' .. digits(revisionOf(tenant, group)) .. ';')
    from = to + 1
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

-- Replies with all of single leases, renewed a moment ago. `bundles`: packed record and position of each.
local function replyAll(tenant, first, many, bundles, data)
  local groups = {}
  for index = 1, many do
    groups[index] = groupAt(ARGV[first + many + index - 1], 1)
  end
  readRevisions(tenant, groups)
  for index = 1, many do
    local bundle = bundles[index]
    local epoch, flag = unpackNumbers(NUMBERS_FORMAT, bundle[1], bundle[2] + HEAD_BYTES)
    local found = flag == 1 and data[index]
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
    local ttl, returning, guards, groups = string.match(ARGV[at + 1], '^(%d*),%d+,[01],(%l+),(%d+),([01]+)$')
    if not ttl or many > MAX_TOGETHER or guards ~= '0' and not guardsHold(tenant, at + 3, tonumber(guards)) then
      return false
    end
    local returnsAll, withData = returning == 'all', string.find(groups, '1', 1, true)
    if returnsAll and #groups > 1 or withData and many * #groups > MAX_TOGETHER then
      return false
    end
    ttl = tonumber(ttl)
    local first = at + 3 + 3 * guards
    local leasesKey, nowMs = keyOf(LEASES, tenant, ''), now(tenant)
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
      packed, bundleAt = renewBundle(packed, names, ttl, nowMs)
      if not packed then
        return false
      end
      if latest then
        latest[holder] = packed
      end
      if returnsAll then
        bundles[index] = { packed, bundleAt }
      end
      renewals[2 * index] = holder
      renewals[2 * index + 1] = packed
    end
    redis.call('HSET', unpack(renewals))
    if returnsAll then
      reply(many .. ';-')
      replyAll(tenant, first, many, bundles, sameData or dataOfEach(tenant, first, many))
    else
      reply(many .. ';r')
      if returning == 'revision' then
        replyRevisions(tenant, first + many, first + 2 * many - 1)
      end
    end
    at = dataAfter + (withData and #sameData or 0)
  end
  return true
end
