-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then runs of beats that differ in names and data only:
--          tenant, form, number of beats, (collection, key, version) per guard, then the field of every lease (as in leases.lua)
--          and after all fields the data of those that come with any; or the holders, where all that are held are meant.
--          The form is '<ttl ms or nothing>,<default ttl ms>,<grant 1 or 0>,<tell>,<number of guards>,<groups>', where tell is
--          'all', 'revision' or 'state', and groups is a 1 (with data) or 0 (without) for each, or '*' for all that are held
-- Returns  { answers, tenant, steps, tenant, steps, … }. The answers are one text, for a reply of many strings costs its
--          reader more than the rest: per run the number of beats and ';', then 's' if a guard did not hold; 'r' if all leases
--          were renewed and not all is to be told, and if revisions are, the number of leases of the same group and ';', their
--          revision and ';', until all are told of; or '-' and per lease a letter: 'g' granted, 'r' renewed, 'a' absent. Where
--          '*' was asked, each beat begins with its number of leases and ';', and the letter is followed by the length of the
--          group, ';' and the group. Then may come the revision and ';', and if all is told the epoch and ';', and '-', or '+',
--          the length of the data, ';' and the data. Lengths are in bytes
--@include membership/leases
--@include shared/versions
--@include membership/revisions

local answers = {}

local function say(text)
  answers[#answers + 1] = text
end

-- The revisions of leases, told once for those of one group that follow each other.
local function sayRevisions(tenant, fields, first, last)
  local from = first
  while from <= last do
    local group = groupAndHolder(fields[from])
    local head, to = headOf(group), from
    while to < last and string.find(fields[to + 1], head, 1, true) == 1 do
      to = to + 1
    end
    say((to - from + 1) .. ';' .. digits(revisionOf(tenant, group)) .. ';')
    from = to + 1
  end
end

-- Renews and answers for a batch that is nothing but plain renewals, as nearly all are, and says so. Whatever else it comes
-- upon is left, with what was renewed before: to renew that again changes nothing.
local function renewAll()
  local at = 3
  while ARGV[at] do
    local tenant, beats = ARGV[at], ARGV[at + 2]
    local ttl, tell, guards, groups = string.match(ARGV[at + 1], '^(%d*),%d+,[01],(%l+),(%d+),([01]+)$')
    if not ttl or tell == 'all' or guards ~= '0' and not guardsHold(tenant, at + 3, tonumber(guards)) then
      return false
    end
    ttl = tonumber(ttl)
    local first = at + 3 + 3 * guards
    local many = beats * #groups
    local last = first + many - 1
    if many > maxTogether then
      return false
    end
    local lkey = keyOf('l', tenant, '')
    local stored = redis.call('HMGET', lkey, unpack(ARGV, first, last))
    local withData = string.find(groups, '1', 1, true)
    local storedData = withData and redis.call('HMGET', keyOf('x', tenant, ''), unpack(ARGV, first, last))
    local dataPlace = last
    -- Any names will do: it is made as long as it gets, for to grow it would cost more than to fill it.
    local renewals = { lkey, unpack(ARGV, last - 2 * many + 1, last) }
    for index = 1, many do
      local packed = stored[index]
      if not packed then
        return false
      end
      local oldDeadline, oldTtl, epoch, flag = unpackNumbers(leaseFormat, packed)
      local newTtl = ttl or oldTtl
      if oldDeadline <= now or oldDeadline > now + newTtl then
        return false
      end
      if withData and string.byte(groups, (index - 1) % #groups + 1) == 49 then
        dataPlace = dataPlace + 1
        if storedData[index] ~= ARGV[dataPlace] then
          return false
        end
      end
      renewals[2 * index] = ARGV[first + index - 1]
      renewals[2 * index + 1] = pack(leaseFormat, now + newTtl, newTtl, epoch, flag)
    end
    redis.call('HSET', unpack(renewals))
    say(beats .. ';r')
    if tell == 'revision' then
      sayRevisions(tenant, ARGV, first, last)
    end
    at = dataPlace + 1
  end
  return true
end

if renewAll() then
  return { table.concat(answers) }
end

-- What follows is not made before it is needed: functions are made anew by every call, and so many of them cost as much as
-- a batch of renewals.
answers = {}
--@include shared/hashes
--@include membership/holders
--@include membership/steps

local function formOf(text)
  local ttl, default, grant, tell, guards, groups = string.match(text, '^(%d*),(%d+),([01]),(%l+),(%d+),(.*)$')
  local form = {
    ttl = tonumber(ttl),
    default = tonumber(default),
    grant = grant == '1' and groups ~= '*',
    tell = tell,
    guards = tonumber(guards),
    held = groups == '*',
    count = #groups,
  }
  if not form.held and string.find(groups, '1', 1, true) then
    form.withData = {}
    for index = 1, #groups do
      form.withData[index] = string.byte(groups, index) == 49
    end
  end
  return form
end

local result = { '' }

-- A renewal that changes the data, or that ends before it would have ended without.
local function renew(lkey, tenant, field, form, packed, data)
  local group, holder = groupAndHolder(field)
  local oldDeadline, oldTtl, epoch, flag = unpackLease(packed)
  local ttl = form.ttl or oldTtl
  local deadline = now + ttl
  local changed = data and dataAt(tenant, field) ~= data
  packed = packLease(deadline, ttl, epoch, data and 1 or flag)
  redis.call('HSET', lkey, field, packed)
  if changed then
    writeData(tenant, { field, data })
    recordChange(tenant, group, holder, epoch, data, result)
  end
  if deadline < oldDeadline then
    redis.call('ZADD', keyOf('z', tenant, group), 'LT', digits(deadline), holder)
    redis.call('ZADD', dueKey, 'LT', digits(deadline), dueMember('g', tenant, group))
  end
  return packed
end

-- Leases of one tenant that were granted and are not written yet: those who come at once are written at once.
local granted

local function grant(tenant, field, form, data)
  granted = granted or { tenant = tenant, fields = {}, data = {}, holders = {}, heads = {}, groups = {}, byField = {}, byGroup = {} }
  local group, holder = groupAndHolder(field)
  local epoch = nextSeq()
  local ttl = form.ttl or form.default
  local packed = packLease(now + ttl, ttl, epoch, data and 1 or 0)
  local fields, dataOf, holders = granted.fields, granted.data, granted.holders
  fields[#fields + 1] = field
  fields[#fields + 1] = packed
  granted.byField[field] = true
  if data then
    dataOf[#dataOf + 1] = field
    dataOf[#dataOf + 1] = data
  end
  holders[#holders + 1] = holder
  granted.heads[#holders] = headOf(group)
  local members = granted.byGroup[group]
  if not members then
    members = { scores = {}, holders = {}, epochs = {}, data = {}, deadline = now + ttl }
    granted.byGroup[group] = members
    granted.groups[#granted.groups + 1] = group
  end
  members.deadline = math.min(members.deadline, now + ttl)
  local at = #members.holders + 1
  members.scores[2 * at - 1], members.scores[2 * at] = digits(now + ttl), holder
  members.holders[at], members.epochs[at], members.data[at] = holder, epoch, data
  members.anyData = members.anyData or data ~= false
  revisionsOf(tenant)[group] = epoch
  return packed
end

local function writeGranted()
  if not granted then
    return
  end
  local tenant = granted.tenant
  writeHash(keyOf('l', tenant, ''), granted.fields)
  if #granted.data > 0 then
    writeData(tenant, granted.data)
  end
  addHolders(tenant, granted.holders, granted.heads)
  countUp('leases', tenant, #granted.holders)
  local newGroups, newRevisions, newDue = {}, {}, {}
  for _, group in ipairs(granted.groups) do
    local members = granted.byGroup[group]
    local zkey = keyOf('z', tenant, group)
    local many = #members.holders
    redis.call('ZADD', zkey, unpack(members.scores))
    local count = redis.call('ZCARD', zkey)
    if count == many then
      newGroups[#newGroups + 1] = 0
      newGroups[#newGroups + 1] = group
    end
    newRevisions[#newRevisions + 1] = group
    newRevisions[#newRevisions + 1] = digits(members.epochs[many])
    newDue[#newDue + 1] = digits(members.deadline)
    newDue[#newDue + 1] = dueMember('g', tenant, group)
    record(tenant, 'granted', group, {
      holders = members.holders,
      epochs = members.epochs,
      count = count - many + 1,
      data = members.anyData and members.data,
    }, 1, many, result)
  end
  if #newGroups > 0 then
    redis.call('ZADD', keyOf('g', tenant, ''), unpack(newGroups))
  end
  redis.call('HSET', keyOf('r', tenant, ''), unpack(newRevisions))
  redis.call('ZADD', dueKey, 'LT', unpack(newDue))
  granted = nil
end

-- Whether what is about to be read was granted and is not written yet, or nothing more fits.
local function mustWriteGranted(tenant, fields, from, to)
  if not granted then
    return false
  end
  if granted.tenant ~= tenant or #granted.holders + to - from >= maxTogether then
    return true
  end
  for at = from, to do
    if granted.byField[fields[at]] then
      return true
    end
  end
  return false
end

-- What a beat makes of a lease beyond plain renewal and plain grant: its letter, and the packed lease if there is one now.
local function step(lkey, tenant, field, form, packed, data)
  if isLive(packed) then
    return 'r', renew(lkey, tenant, field, form, packed, data)
  end
  if packed then
    endLease(tenant, field, packed, 'expired', result)
  end
  if form.grant then
    return 'g', grant(tenant, field, form, data)
  end
  return 'a'
end

local function describe(letter, tenant, field, form, packed, data)
  local group = groupAndHolder(field)
  local text = letter
  if form.held then
    text = text .. #group .. ';' .. group
  end
  if form.tell == 'state' then
    return text
  end
  text = text .. digits(revisionOf(tenant, group)) .. ';'
  if form.tell == 'revision' then
    return text
  end
  if not packed then
    return text .. '0;-'
  end
  local _, _, epoch = unpackLease(packed)
  text = text .. digits(epoch) .. ';'
  -- Data that somebody took out of Redis is none: an error here would be everybody's in the batch.
  data = data or hasData(packed) and dataAt(tenant, field)
  if not data then
    return text .. '-'
  end
  return text .. '+' .. #data .. ';' .. data
end

-- Steps the leases fields[first] to fields[last] in order: all are read in one call, and those that are just renewed, as
-- nearly all are, are written in one; those that are granted wait for more of their kind. Answers what is to be told of
-- each; nothing where all were renewed and that is enough.
local function stepAll(tenant, form, fields, first, last)
  local lkey = keyOf('l', tenant, '')
  local isTold = form.tell == 'all' or form.held
  local told, index, dataPlace = {}, 0, last
  for from = first, last, maxTogether do
    local to = math.min(last, from + maxTogether - 1)
    if mustWriteGranted(tenant, fields, from, to) then
      writeGranted()
    end
    local stored = redis.call('HMGET', lkey, unpack(fields, from, to))
    local storedData = form.withData and redis.call('HMGET', keyOf('x', tenant, ''), unpack(fields, from, to))
    local renewals, length = { lkey }, 1
    local touched = {}
    for at = from, to do
      local field, packed, data = fields[at], stored[at - from + 1], false
      if form.withData then
        index = index % form.count + 1
        if form.withData[index] then
          dataPlace = dataPlace + 1
          data = ARGV[dataPlace]
        end
      end
      local letter
      if packed and not touched[field] and (not data or data == storedData[at - from + 1]) then
        local oldDeadline, oldTtl, epoch, flag = unpackNumbers(leaseFormat, packed)
        local ttl = form.ttl or oldTtl
        if oldDeadline > now and oldDeadline <= now + ttl then
          packed = pack(leaseFormat, now + ttl, ttl, epoch, flag)
          renewals[length + 1], renewals[length + 2] = field, packed
          length = length + 2
          letter = 'r'
        end
      end
      if not letter then
        if not packed and form.grant and not touched[field] then
          letter, packed = 'g', grant(tenant, field, form, data)
        else
          if length > 1 then
            redis.call('HSET', unpack(renewals, 1, length))
            length = 1
          end
          writeGranted()
          if touched[field] then
            packed = redis.call('HGET', lkey, field)
          end
          letter, packed = step(lkey, tenant, field, form, packed, data)
        end
        touched[field] = true
        isTold = isTold or letter ~= 'r'
      end
      if isTold then
        -- An absent one was not asked for by name.
        told[at] = not (form.held and letter == 'a') and describe(letter, tenant, field, form, packed, data)
      end
    end
    if length > 1 then
      redis.call('HSET', unpack(renewals, 1, length))
    end
  end
  return isTold and told
end

-- A beat of each holder on all that it holds.
local function beatHeld(tenant, form, first, last)
  writeGranted()
  local fields, ends = {}, {}
  for from = first, last, maxTogether do
    local to = math.min(last, from + maxTogether - 1)
    for index, held in ipairs(redis.call('HMGET', keyOf('h', tenant, ''), unpack(ARGV, from, to))) do
      addFields(fields, tenant, ARGV[from + index - 1], held)
      ends[#ends + 1] = #fields
    end
  end
  local told = #fields > 0 and stepAll(tenant, form, fields, 1, #fields)
  local at = 1
  say('-')
  for _, final in ipairs(ends) do
    local count = 0
    local countAt = #answers + 1
    answers[countAt] = ''
    for index = at, final do
      if told[index] then
        count = count + 1
        say(told[index])
      end
    end
    answers[countAt] = count .. ';'
    at = final + 1
  end
end

local at = 3
while ARGV[at] do
  local tenant, form, beats = ARGV[at], formOf(ARGV[at + 1]), tonumber(ARGV[at + 2])
  at = at + 3
  -- No beat changes a document, so what holds for the first of a run holds for all.
  local hold = form.guards == 0 or guardsHold(tenant, at, form.guards)
  at = at + 3 * form.guards
  local last = at + beats * (form.held and 1 or form.count) - 1
  say(beats .. ';')
  if not hold then
    say('s')
  elseif form.held then
    beatHeld(tenant, form, at, last)
  else
    local told = last >= at and stepAll(tenant, form, ARGV, at, last)
    say(told and '-' or 'r')
    if told then
      for index = at, last do
        say(told[index] or describe('r', tenant, ARGV[index], form))
      end
    elseif form.tell == 'revision' then
      sayRevisions(tenant, ARGV, at, last)
    end
  end
  if form.withData then
    local each = 0
    for index = 1, form.count do
      each = each + (form.withData[index] and 1 or 0)
    end
    last = last + beats * each
  end
  at = last + 1
end
writeGranted()
result[1] = table.concat(answers)
publish()
saveClock()
return result
