-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per beat:
--          tenant, holder, form, (collection, key, version) per guard, (group, and its data if it comes with any) per group
--          where the form is '<ttl ms or nothing>,<default ttl ms>,<grant 1 or 0>,<number of guards>,<groups>', and groups is
--          a 1 (with data) or 0 (without) for each, or '*' for all that are held
-- Returns  { answers, tenant, event, tenant, event, … }. The answers are one text, for a reply of many strings costs its
--          reader more than the rest: per beat 's;' if a guard did not hold, else the number of leases and ';', then per
--          lease 'g' granted, 'r' renewed or 'a' absent, the revision, ';', the length of the group and ';' and the group if
--          '*' was asked, the length of the packed lease and ';' and the packed lease. Lengths are in bytes.
--@include partition
--@include topics
--@include packed
--@include documents
--@include steps

local forms = {}
local function formOf(text)
  local form = forms[text]
  if not form then
    local ttl, default, grant, guards, groups = string.match(text, '^(%d*),(%d+),([01]),(%d+),(.*)$')
    form = {
      ttl = tonumber(ttl),
      ttlHead = ttl .. '|',
      default = tonumber(default),
      grant = grant == '1' and groups ~= '*',
      guards = tonumber(guards),
      held = groups == '*',
      count = #groups,
      withData = {},
    }
    for index = 1, #groups do
      form.withData[index] = string.sub(groups, index, index) == '1'
    end
    form.deadline = form.ttl and now + form.ttl
    form.deadlineText = form.ttl and digits(form.deadline)
    forms[text] = form
  end
  return form
end

local answers = {}
local result = { '' }

local function renew(tenant, group, holder, form, data, packed, revision, oldDeadline, mkey)
  local bar = string.find(packed, '|', 1, true)
  local deadline = form.deadline
  -- Most renewals say what is stored already: then the rest of the packed lease stays as it is.
  if not data and deadline and string.sub(packed, bar + 1, bar + #form.ttlHead) == form.ttlHead then
    packed = form.deadlineText .. string.sub(packed, bar)
    redis.call('HSET', mkey, 'h' .. holder, packed)
  else
    local _, oldTtl, epoch, oldData = unpackLease(packed)
    local ttl = form.ttl or oldTtl
    local changed = data and data ~= oldData
    deadline = now + ttl
    packed = packLease(deadline, ttl, epoch, changed and data or oldData)
    redis.call('HSET', mkey, 'h' .. holder, packed)
    if changed then
      local count = redis.call('ZCARD', keyOf('z', tenant, group))
      result[#result + 1] = tenant
      result[#result + 1] = record(tenant, group, holder, 'changed', epoch, revision, count, 0, data)
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
  redis.call('SADD', keyOf('h', tenant, holder), group)
  redis.call('ZADD', dueKey, 'LT', digits(now + ttl), dueMember('g', tenant, group))
  local members = redis.call('ZCARD', zkey)
  if members == 1 then
    redis.call('ZADD', keyOf('g', tenant, ''), 0, group)
  end
  countUp('leases', tenant, 1)
  result[#result + 1] = tenant
  result[#result + 1] = record(tenant, group, holder, 'granted', epoch, epoch, members, 0, data)
  return packed, epoch
end

-- What became of one lease, as text; nothing if it is absent and nobody asked for it by name.
local function step(tenant, group, holder, form, data)
  local mkey = keyOf('m', tenant, group)
  local stored = redis.call('HMGET', mkey, 'h' .. holder, 'r')
  local named = form.held and #group .. ';' .. group or ''
  if stored[1] then
    local deadline = deadlineOf(stored[1])
    if deadline > now then
      local packed = renew(tenant, group, holder, form, data, stored[1], stored[2], deadline, mkey)
      return 'r' .. stored[2] .. ';' .. named .. #packed .. ';' .. packed
    end
    endLeases(tenant, group, { holder }, { stored[1] }, 'expired', result)
  end
  if form.grant then
    local packed, epoch = grant(tenant, group, holder, form, data, mkey)
    return 'g' .. epoch .. ';' .. named .. #packed .. ';' .. packed
  elseif not form.held then
    return 'a' .. (redis.call('HGET', mkey, 'r') or '0') .. ';0;'
  end
end

local at = 3
while ARGV[at] do
  local tenant, holder, form = ARGV[at], ARGV[at + 1], formOf(ARGV[at + 2])
  local hold = true
  at = at + 3
  if form.guards > 0 then
    hold = guardsHold(tenant, at, form.guards)
    at = at + 3 * form.guards
  end
  if form.held then
    local groups = hold and redis.call('SMEMBERS', keyOf('h', tenant, holder)) or {}
    table.sort(groups)
    local found = {}
    for _, group in ipairs(groups) do
      found[#found + 1] = step(tenant, group, holder, form, false)
    end
    answers[#answers + 1] = #found .. ';' .. table.concat(found)
  else
    answers[#answers + 1] = form.count .. ';'
    for index = 1, form.count do
      local group, data = ARGV[at], false
      at = at + 1
      if form.withData[index] then
        data = ARGV[at]
        at = at + 1
      end
      if hold then
        answers[#answers + 1] = step(tenant, group, holder, form, data)
      end
    end
  end
  if not hold then
    answers[#answers] = 's;'
  end
end
result[1] = table.concat(answers)
publish()
saveClock()
return result
