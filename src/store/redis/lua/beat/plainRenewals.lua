-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include beat/guards

local find, sub, byte = string.find, string.sub, string.byte
local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- By the length of a group, that of its name.
local nameBytes = {}

-- Returns the position, deadline and TTL of the bundle that has only the lease of a group, in the record of a holder; nothing if it is no
-- row that has one. `text`: the group, with `shift` bytes of the version of its data before it, which must be that of the stored data.
local function bundleOfGroup(packed, text, shift)
  if byte(packed) ~= ROW then
    return nil
  end
  local group = shift == 0 and text or sub(text, shift + 1)
  local length, last, nextAt = #group, #packed, 2
  local bytesOfName = nameBytes[length] or #nameOf(group)
  nameBytes[length] = bytesOfName
  repeat
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, nextAt)
    nextAt = nextAt + HEAD_BYTES + NUMBERS_BYTES * count + bytes
    -- A name of this length has a group of this length.
    if bytes == bytesOfName and count == 1 and sub(packed, nextAt - length, nextAt - 1) == group then
      local nameAt = nextAt - bytes
      if shift > 0 and sub(packed, nameAt - shift, nameAt - 1) ~= sub(text, 1, shift) then
        return nil
      end
      return nameAt - NUMBERS_BYTES - HEAD_BYTES, deadline, ttl
    end
  until nextAt > last
end

-- Returns the position, deadline and TTL of the bundle that has exactly these names, in the record of a holder; nothing if it is no row
-- that has one.
local function bundleOfNames(packed, names)
  local at = byte(packed) == ROW and 2 or #packed + 1
  while at <= #packed do
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local namesAt = at + HEAD_BYTES + NUMBERS_BYTES * count
    if bytes == #names and find(packed, names, namesAt, true) == namesAt then
      return at, deadline, ttl
    end
    at = namesAt + bytes
  end
end

-- Renews the leases of holders, which are in ARGV from `first` on, with the names of the leases after them: with the group of each, if it
-- `isSingle`. `shift`: how many bytes of the version are before the group, which must be that of the stored data. Returns whether all of
-- them were renewed, else nothing was.
local function renewRun(run)
  local arguments, ttlOfRun, first, many, shift = ARGV, run.ttl, run.first, run.many, run.shift
  local leasesKey, nowMs = keyOf(LEASES, run.tenant, ''), now(run.tenant)
  local stored = redis.call('HMGET', leasesKey, unpack(arguments, first, first + many - 1))
  -- Filled with any names, so that the table has its final size: to grow it would cost more than to fill it.
  local renewals, last = { leasesKey, unpack(arguments, first, first + 2 * many - 1) }, 1
  local maySuit = run.isSingle and (not ttlOfRun or ttlOfRun <= MAX_SINGLE_TTL)
  local bundleAt = run.isSingle and bundleOfGroup or bundleOfNames
  local bytesBefore, groupPlace = SINGLE_BYTES - shift, SINGLE_BYTES + 1 - shift
  -- The TTL of a record is not read where the beats have one.
  local timesFormat = ttlOfRun and SINGLE_DEADLINE_FORMAT or SINGLE_TIMES_FORMAT
  local times, packedTtl, timesInRow, packedTtlInRow
  -- By holder, where the row is that an earlier beat of the batch renewed: this one may be on another of its bundles. It is written once.
  local rowPlaces = {}
  for index = 1, many do
    local holder, text, packed = arguments[first + index - 1], arguments[first + many + index - 1], stored[index]
    if not packed then
      return false
    end
    -- A row that only looks like the record of a single lease has a deadline which is too late.
    if maySuit and #packed == bytesBefore + #text and sub(packed, groupPlace) == text then
      local deadline, ttl = unpackNumbers(timesFormat, packed)
      ttl = ttlOfRun or ttl
      if deadline <= nowMs or deadline > nowMs + ttl then
        return false
      end
      if ttl ~= packedTtl then
        times, packedTtl = pack(SINGLE_TIMES_FORMAT, nowMs + ttl, ttl), ttl
      end
      last = last + 2
      renewals[last - 1], renewals[last] = holder, times .. sub(packed, SINGLE_TIMES_BYTES + 1)
    else
      local place = rowPlaces[holder]
      packed = place and renewals[place] or packed
      local at, deadline, ttl = bundleAt(packed, text, shift)
      ttl = ttlOfRun or ttl
      if not at or deadline <= nowMs or deadline > nowMs + ttl then
        return false
      end
      if ttl ~= packedTtlInRow then
        timesInRow, packedTtlInRow = pack(TIMES_FORMAT, nowMs + ttl, ttl), ttl
      end
      if not place then
        last = last + 2
        place, rowPlaces[holder] = last, last
        renewals[place - 1] = holder
      end
      renewals[place] = sub(packed, 1, at - 1) .. timesInRow .. sub(packed, at + TIMES_BYTES)
    end
  end
  redis.call('HSET', unpack(renewals, 1, last))
  return true
end

-- Replies with the last revision and those of the groups of a run, each once, unless the caller knows them.
local function replyRevisions(run, known)
  local tenant, first, many = run.tenant, run.first, run.many
  local last = redis.call('HGET', keyOf(CHANGES, tenant, ''), LAST_REVISION) or ''
  if last == known then
    reply('=')
    return
  end
  local groups, isThere = {}, {}
  for at = first + many, first + 2 * many - 1 do
    for _, group in ipairs(run.isSingle and { ARGV[at] } or groupsOfNames(ARGV[at])) do
      if not isThere[group] then
        isThere[group], groups[#groups + 1] = true, group
      end
    end
  end
  reply('+' .. last .. ';')
  for from = 1, #groups, MAX_TOGETHER do
    local to = math.min(#groups, from + MAX_TOGETHER - 1)
    for _, revision in ipairs(redis.call('HMGET', keyOf(REVISIONS, tenant, ''), unpack(groups, from, to))) do
      reply((revision or '0') .. ';')
    end
  end
end

-- Renews the leases of the run at a position of ARGV, whose form was matched, and replies. Returns false if the run is something else.
local function renewPlainly(at, form)
  local tenant, many = ARGV[at], tonumber(ARGV[at + 2])
  reply(many .. ';')
  local first, known, collections = at + 3, nil, form.collections
  if form.returning == 'revision' then
    known, first = ARGV[first], first + 1
  end
  if collections ~= '0' then
    local found, stale = checkGuards(tenant, first, tonumber(collections))
    if stale then
      return false
    end
    reply(found)
    first = first + 2 + 2 * collections
  end
  local run = { tenant = tenant, ttl = form.ttl, first = first, many = many, shift = form.shift, isSingle = form.isSingle }
  if not renewRun(run) then
    return false
  end
  reply('r')
  if known then
    replyRevisions(run, known)
  end
  return true
end

-- Returns what matters here of the text of a form. `isPlain`: the beats may be plain renewals.
local function plainFormOf(text)
  local ttl, returning, collections, groups = string.match(text, '^(%d*),%d+,[01],(%l+),(%d+),([01*]*)$')
  local _, withData = string.gsub(groups, '1', '')
  return {
    ttl = tonumber(ttl),
    returning = returning,
    collections = collections,
    groups = groups,
    -- How many groups of each beat come with data.
    withData = withData,
    isSingle = #groups == 1,
    shift = returning == 'known' and VERSION_BYTES or 0,
    isPlain = groups ~= '*' and groups ~= '' and withData == 0 and returning ~= 'all' and returning ~= 'data',
  }
end

-- Renews the leases of all runs of plain renewals. Returns the others: where each is in ARGV, and where its reply is to be put. A tenant's
-- runs keep their order: after one of those others, all of its runs are.
local function renewAll()
  local others, isLeft = {}, {}
  local at, text, form = 3, nil, nil
  while ARGV[at] do
    local tenant, many = ARGV[at], tonumber(ARGV[at + 2])
    if ARGV[at + 1] ~= text then
      text = ARGV[at + 1]
      form = plainFormOf(text)
    end
    local place = #replies + 1
    if not form.isPlain or many > MAX_TOGETHER or isLeft[tenant] or not renewPlainly(at, form) then
      for index = #replies, place + 1, -1 do
        replies[index] = nil
      end
      replies[place], isLeft[tenant] = '', true
      others[#others + 1] = { at = at, place = place }
    end
    at = at + 3 + (form.returning == 'revision' and 1 or 0) + many
    at = at + (form.collections ~= '0' and 2 + 2 * form.collections or 0)
    if form.groups ~= '*' then
      at = at + many + many * form.withData
    end
  end
  return others
end
