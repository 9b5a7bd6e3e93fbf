-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include beat/guards

local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- Returns the position of the bundle that has exactly these names, in a record of several; nothing if there is none.
local function bundleAt(packed, names, shift)
  local at = 1
  while at <= #packed do
    local _, _, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local namesAt = at + HEAD_BYTES + NUMBERS_BYTES * count
    if bytes == #names - shift and string.find(packed, names, namesAt - shift, true) == namesAt - shift then
      return at
    end
    at = namesAt + bytes
  end
end

-- Renews the leases of holders, which are in ARGV from `first` on, with the names of the leases after them. `shift`: how many bytes of the
-- version are before the names, which must be that of the stored data. Returns whether all of them were renewed, else nothing was.
local function renewRun(run)
  local tenant, first, many, shift = run.tenant, run.first, run.many, run.shift
  local leasesKey, nowMs = keyOf(LEASES, tenant, ''), now(tenant)
  local stored = redis.call('HMGET', leasesKey, unpack(ARGV, first, first + many - 1))
  -- Filled with any names, so that the table has its final size: to grow it would cost more than to fill it.
  local renewals = { leasesKey, unpack(ARGV, first, first + 2 * many - 1) }
  local latest, times, ttlOfTimes
  for index = 1, many do
    local holder, names, packed = ARGV[first + index - 1], ARGV[first + many + index - 1], stored[index]
    if not packed then
      return false
    end
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed)
    local namesAt, at = HEAD_BYTES + 1 + NUMBERS_BYTES * count, 1
    if namesAt + bytes <= #packed then
      -- Another beat of the batch may have renewed another bundle of the record.
      latest = latest or {}
      packed = latest[holder] or packed
      at = bundleAt(packed, names, shift)
      if not at then
        return false
      end
      deadline, ttl = unpackNumbers(TIMES_FORMAT, packed, at)
    elseif bytes ~= #names - shift or string.find(packed, names, namesAt - shift, true) ~= namesAt - shift then
      return false
    end
    ttl = run.ttl or ttl
    if deadline <= nowMs or deadline > nowMs + ttl then
      return false
    end
    if ttl ~= ttlOfTimes then
      times, ttlOfTimes = pack(TIMES_FORMAT, nowMs + ttl, ttl), ttl
    end
    local renewed = times .. string.sub(packed, at + TIMES_BYTES)
    if latest then
      renewed = string.sub(packed, 1, at - 1) .. renewed
      latest[holder] = renewed
    end
    renewals[2 * index] = holder
    renewals[2 * index + 1] = renewed
  end
  redis.call('HSET', unpack(renewals))
  return true
end

-- Replies with the last revision and those of the groups of a run, each once, unless the caller knows them.
local function replyRevisions(tenant, first, many, known)
  local last = redis.call('HGET', keyOf(CHANGES, tenant, ''), LAST_REVISION) or ''
  if last == known then
    reply('=')
    return
  end
  local groups, isThere = {}, {}
  for at = first + many, first + 2 * many - 1 do
    for _, group in ipairs(groupsOfNames(ARGV[at])) do
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
local function renewPlainly(at, ttl, returning, collections)
  local tenant, many = ARGV[at], tonumber(ARGV[at + 2])
  reply(many .. ';')
  local first, known = at + 3, nil
  if returning == 'revision' then
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
  local shift = returning == 'known' and VERSION_BYTES or 0
  if not renewRun({ tenant = tenant, ttl = tonumber(ttl), first = first, many = many, shift = shift }) then
    return false
  end
  reply('r')
  if known then
    replyRevisions(tenant, first, many, known)
  end
  return true
end

-- Renews the leases of all runs of plain renewals. Returns the others: where each is in ARGV, and where its reply is to be put. A tenant's
-- runs keep their order: after one of those others, all of its runs are.
local function renewAll()
  local others, isLeft = {}, {}
  local at, text, isPlainForm, ttl, returning, collections, groups = 3, nil, nil, nil, nil, nil, nil
  while ARGV[at] do
    local tenant, many = ARGV[at], tonumber(ARGV[at + 2])
    if ARGV[at + 1] ~= text then
      text = ARGV[at + 1]
      ttl, returning, collections, groups = string.match(text, '^(%d*),%d+,[01],(%l+),(%d+),([01*]*)$')
      isPlainForm = string.find(groups, '^0+$') and returning ~= 'all' and returning ~= 'data'
    end
    local place = #replies + 1
    if not isPlainForm or many > MAX_TOGETHER or isLeft[tenant] or not renewPlainly(at, ttl, returning, collections) then
      for index = #replies, place + 1, -1 do
        replies[index] = nil
      end
      replies[place], isLeft[tenant] = '', true
      others[#others + 1] = { at = at, place = place }
    end
    at = at + 3 + (returning == 'revision' and 1 or 0) + (collections ~= '0' and 2 + 2 * collections or 0) + many
    if groups ~= '*' then
      local _, withData = string.gsub(groups, '1', '')
      at = at + many + many * withData
    end
  end
  return others
end
