-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then runs of beats that differ in names and data only:
--          tenant, form, number of beats, (collection, key, version) per guard, then per beat: holder, (group, and its data if
--          it comes with any) per group; where the form is
--          '<ttl ms or nothing>,<default ttl ms>,<grant 1 or 0>,<brief 1 or 0>,<number of guards>,<groups>', and groups is a 1
--          (with data) or 0 (without) for each, or '*' for all that are held
-- Returns  { answers, tenant, events, tenant, events, … }. The answers are one text, for a reply of many strings costs its
--          reader more than the rest: per beat 's;' if a guard did not hold, else the number of leases and ';', then per lease
--          a letter; if '*' was asked the length of the group, ';' and the group; and if it is not brief the revision, ';', the
--          length of the packed lease, ';' and the packed lease. Letters are 'g' granted, 'r' renewed, 'a' absent; lengths are in
--          bytes.
--@include partition
--@include topics
--@include packed
--@include documents
--@include steps

local function formOf(text)
  local ttl, default, grant, brief, guards, groups = string.match(text, '^(%d*),(%d+),([01]),([01]),(%d+),(.*)$')
  local form = {
    ttl = tonumber(ttl),
    ttlHead = ttl .. '|',
    default = tonumber(default),
    grant = grant == '1' and groups ~= '*',
    brief = brief == '1',
    guards = tonumber(guards),
    held = groups == '*',
    count = #groups,
    head = #groups .. ';',
    withData = {},
  }
  for index = 1, #groups do
    form.withData[index] = string.sub(groups, index, index) == '1'
  end
  form.deadline = form.ttl and now + form.ttl
  form.deadlineText = form.ttl and digits(form.deadline)
  return form
end

local answers = {}
local result = { '' }

local function renew(tenant, group, holder, form, data, packed, bar, oldDeadline, mkey, field)
  local deadline = form.deadline
  -- Most renewals say what is stored already: then the rest of the packed lease stays as it is.
  if not data and deadline and string.find(packed, form.ttlHead, bar + 1, true) == bar + 1 then
    packed = form.deadlineText .. string.sub(packed, bar)
    redis.call('HSET', mkey, field, packed)
  else
    local _, oldTtl, epoch, oldData = unpackLease(packed)
    local ttl = form.ttl or oldTtl
    local changed = data and data ~= oldData
    deadline = now + ttl
    packed = packLease(deadline, ttl, epoch, changed and data or oldData)
    redis.call('HSET', mkey, field, packed)
    if changed then
      local count = redis.call('ZCARD', keyOf('z', tenant, group))
      recordOne(tenant, group, holder, 'changed', epoch, revisionOf(mkey), count, data, result)
    end
  end
  if deadline < oldDeadline then
    redis.call('ZADD', keyOf('z', tenant, group), 'LT', digits(deadline), holder)
    redis.call('ZADD', dueKey, 'LT', digits(deadline), dueMember('g', tenant, group))
  end
  return packed
end

local function grant(tenant, group, holder, form, data, mkey)
  local epoch = digits(nextSeq())
  local ttl = form.ttl or form.default
  local packed = packLease(now + ttl, ttl, epoch, data)
  local zkey = keyOf('z', tenant, group)
  redis.call('ZADD', zkey, digits(now + ttl), holder)
  redis.call('HSET', mkey, 'h' .. holder, packed, 'r', epoch)
  revisions[mkey] = epoch
  addHolder(tenant, holder, group)
  redis.call('ZADD', dueKey, 'LT', digits(now + ttl), dueMember('g', tenant, group))
  local members = redis.call('ZCARD', zkey)
  if members == 1 then
    redis.call('ZADD', keyOf('g', tenant, ''), 0, group)
  end
  countUp('leases', tenant, 1)
  recordOne(tenant, group, holder, 'granted', epoch, epoch, members, data, result)
  return packed, epoch
end

-- What became of one lease, as text; nothing if it is absent and nobody asked for it by name.
local function step(tenant, mhead, group, holder, form, data)
  local mkey = mhead .. group
  local field = 'h' .. holder
  local packed = redis.call('HGET', mkey, field)
  local named = form.held and #group .. ';' .. group
  if packed then
    local bar = string.find(packed, '|', 1, true)
    local deadline = tonumber(string.sub(packed, 1, bar - 1))
    if deadline > now then
      packed = renew(tenant, group, holder, form, data, packed, bar, deadline, mkey, field)
      if form.brief then
        return named and 'r' .. named or 'r'
      end
      return 'r' .. (named or '') .. revisionOf(mkey) .. ';' .. #packed .. ';' .. packed
    end
    endLeases(tenant, group, { holder }, { packed }, 'expired', result)
  end
  if form.grant then
    local granted, epoch = grant(tenant, group, holder, form, data, mkey)
    return form.brief and 'g' or 'g' .. epoch .. ';' .. #granted .. ';' .. granted
  elseif not form.held then
    return form.brief and 'a' or 'a' .. revisionOf(mkey) .. ';0;'
  end
end

local at = 3
while ARGV[at] do
  local tenant, form, beats = ARGV[at], formOf(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local mhead = keyOf('m', tenant, '')
  at = at + 3
  -- No beat changes a document, so what holds for the first of a run holds for all.
  local hold = form.guards == 0 or guardsHold(tenant, at, form.guards)
  at = at + 3 * form.guards
  for _ = 1, beats do
    local holder = ARGV[at]
    at = at + 1
    if form.held then
      local found = {}
      for _, group in ipairs(hold and groupsHeld(tenant, holder) or {}) do
        found[#found + 1] = step(tenant, mhead, group, holder, form, false)
      end
      answers[#answers + 1] = hold and #found .. ';' .. table.concat(found) or 's;'
    else
      answers[#answers + 1] = hold and form.head or 's;'
      for index = 1, form.count do
        local group, data = ARGV[at], false
        at = at + 1
        if form.withData[index] then
          data = ARGV[at]
          at = at + 1
        end
        if hold then
          answers[#answers + 1] = step(tenant, mhead, group, holder, form, data)
        end
      end
    end
  end
end
result[1] = table.concat(answers)
publish()
saveClock()
return result
