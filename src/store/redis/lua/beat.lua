-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per beat:
--          tenant, holder, form, (collection, key, version) per guard, (group, and its data if it comes with any) per group
--          where the form is '<ttl ms or nothing>,<default ttl ms>,<grant 1 or 0>,<number of guards>,<groups>', and groups is
--          a 1 (with data) or 0 (without) for each, or '*' for all that are held
-- Returns  { answers, tenant, event, tenant, event, … }; an answer is false if a guard did not hold, else per lease
--          { the packed lease or false if there is none, revision, 1 if granted or 0, the group if '*' was asked }, the
--          last two left out where they say nothing
--@include partition
--@include topics
--@include packed
--@include steps
--@include documents

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
local result = { answers }

local function renew(tenant, group, holder, form, data, stored, oldDeadline, mkey)
  local packed = stored[1]
  local bar = string.find(packed, '|', 1, true)
  local deadline = form.deadline
  -- Most renewals say what is stored already: then the rest of the packed lease stays as it is.
  if not data and deadline and string.sub(packed, bar + 1, bar + #form.ttlHead) == form.ttlHead then
    stored[1] = form.deadlineText .. string.sub(packed, bar)
    redis.call('HSET', mkey, 'h' .. holder, stored[1])
  else
    local _, oldTtl, epoch, oldData = unpackLease(packed)
    local ttl = form.ttl or oldTtl
    local changed = data and data ~= oldData
    deadline = now + ttl
    stored[1] = packLease(deadline, ttl, epoch, changed and data or oldData)
    redis.call('HSET', mkey, 'h' .. holder, stored[1])
    if changed then
      local count = redis.call('ZCARD', keyOf('z', tenant, group))
      result[#result + 1] = tenant
      result[#result + 1] = record(tenant, group, holder, 'changed', epoch, stored[2], count, 0, data)
    end
  end
  if deadline < oldDeadline then
    redis.call('ZADD', keyOf('z', tenant, group), 'LT', digits(deadline), holder)
    redis.call('ZADD', dueKey, 'LT', digits(deadline), dueMember('g', tenant, group))
  end
  return stored
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
  return { packed, epoch, 1 }
end

-- What became of one lease; nothing if it is absent and nobody asked for it by name.
local function step(tenant, group, holder, form, data)
  local mkey = keyOf('m', tenant, group)
  local stored = redis.call('HMGET', mkey, 'h' .. holder, 'r')
  if stored[1] then
    local deadline = deadlineOf(stored[1])
    if deadline > now then
      return renew(tenant, group, holder, form, data, stored, deadline, mkey)
    end
    endLeases(tenant, group, { holder }, { stored[1] }, 'expired', result)
  end
  if form.grant then
    return grant(tenant, group, holder, form, data, mkey)
  elseif not form.held then
    return { false, redis.call('HGET', mkey, 'r') or '0' }
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
  local answer = {}
  if form.held then
    local groups = hold and redis.call('SMEMBERS', keyOf('h', tenant, holder)) or {}
    table.sort(groups)
    for _, group in ipairs(groups) do
      local lease = step(tenant, group, holder, form, false)
      if lease then
        lease[3] = 0
        lease[4] = group
        answer[#answer + 1] = lease
      end
    end
  else
    for index = 1, form.count do
      local group, data = ARGV[at], false
      at = at + 1
      if form.withData[index] then
        data = ARGV[at]
        at = at + 1
      end
      if hold then
        answer[index] = step(tenant, group, holder, form, data)
      end
    end
  end
  answers[#answers + 1] = hold and answer
end
publish()
saveClock()
return result
