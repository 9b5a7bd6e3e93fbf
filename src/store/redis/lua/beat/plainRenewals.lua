-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include beat/guards

local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- Returns the position, deadline and TTL of the bundle that has exactly these names, in a record that is a row; nothing if there is none.
local function bundleAt(packed, names, shift)
  local at = string.byte(packed) == ROW and 2 or #packed + 1
  while at <= #packed do
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local namesAt = at + HEAD_BYTES + NUMBERS_BYTES * count
    if bytes == #names - shift and string.find(packed, names, namesAt - shift, true) == namesAt - shift then
      return at, deadline, ttl
    end
    at = namesAt + bytes
  end
end

-- Returns a record that is a row with a bundle renewed; nothing if these names are no bundle that can be renewed plainly.
local function renewBundle(run, packed, names, nowMs)
  local at, deadline, ttl = bundleAt(packed, names, run.shift)
  ttl = run.ttl or ttl
  if not at or deadline <= nowMs or deadline > nowMs + ttl then
    return nil
  end
  if ttl ~= run.packedTtl then
    run.times, run.packedTtl = pack(TIMES_FORMAT, nowMs + ttl, ttl), ttl
  end
  return string.sub(packed, 1, at - 1) .. run.times .. string.sub(packed, at + TIMES_BYTES)
end

-- Renews a lease, or leases, whose holder has a row of bundles.
local function renewInRow(run, packed, index, nowMs)
  local holder, names = ARGV[run.first + index - 1], ARGV[run.first + run.many + index - 1]
  if run.isSingle then
    names = string.sub(names, 1, run.shift) .. nameOf(string.sub(names, run.shift + 1))
  end
  -- Another beat of the batch may have renewed another bundle of the record.
  local renewed = renewBundle(run, run.latest[holder] or packed, names, nowMs)
  run.latest[holder] = renewed
  return renewed
end

-- Renews the leases of holders, which are in ARGV from `first` on, with the names of the leases after them: with the group of each, if it
-- `isSingle`. `shift`: how many bytes of the version are before the names, which must be that of the stored data. Returns whether all of
-- them were renewed, else nothing was.
local function renewRun(run)
  local tenant, ttlOfRun, first, many = run.tenant, run.ttl, run.first, run.many
  local leasesKey, nowMs = keyOf(LEASES, tenant, ''), now(tenant)
  local stored = redis.call('HMGET', leasesKey, unpack(ARGV, first, first + many - 1))
  -- Filled with any names, so that the table has its final size: to grow it would cost more than to fill it.
  local renewals = { leasesKey, unpack(ARGV, first, first + 2 * many - 1) }
  local maySuit = run.isSingle and (not ttlOfRun or ttlOfRun <= MAX_SINGLE_TTL)
  local bytesBefore, groupPlace, find = SINGLE_BYTES - run.shift, SINGLE_BYTES + 1 - run.shift, string.find
  local times, packedTtl
  run.latest = {}
  for index = 1, many do
    local packed, group, renewed = stored[index], ARGV[first + many + index - 1], nil
    if not packed then
      return false
    end
    -- A row that only looks like the record of a single lease has a deadline which is too late.
    if maySuit and #packed == bytesBefore + #group and find(packed, group, groupPlace, true) == groupPlace then
      local deadline, ttl = unpackNumbers(SINGLE_TIMES_FORMAT, packed)
      ttl = ttlOfRun or ttl
      if deadline <= nowMs or deadline > nowMs + ttl then
        return false
      end
      if ttl ~= packedTtl then
        times, packedTtl = pack(SINGLE_TIMES_FORMAT, nowMs + ttl, ttl), ttl
      end
      renewed = times .. string.sub(packed, SINGLE_TIMES_BYTES + 1)
    else
      renewed = renewInRow(run, packed, index, nowMs)
      if not renewed then
        return false
      end
    end
    renewals[2 * index] = ARGV[first + index - 1]
    renewals[2 * index + 1] = renewed
  end
  redis.call('HSET', unpack(renewals))
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
  return {
    ttl = tonumber(ttl),
    returning = returning,
    collections = collections,
    groups = groups,
    isSingle = #groups == 1,
    shift = returning == 'known' and VERSION_BYTES or 0,
    isPlain = string.find(groups, '^0+$') and returning ~= 'all' and returning ~= 'data',
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
      local _, withData = string.gsub(form.groups, '1', '')
      at = at + many + many * withData
    end
  end
  return others
end
