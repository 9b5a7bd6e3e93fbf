-- The slow path of beats: leases that are not all plainly renewed.

-- Renews a live lease. `before`: its data, if the beat comes with data.
local function renew(run, lease, data, before)
  local tenant, oldDeadline = run.tenant, lease.deadline
  local changed = data and before ~= data
  lease.ttl = run.form.ttl or lease.ttl
  lease.deadline = now(tenant) + lease.ttl
  touchLease(lease, run.bundle)
  if changed then
    lease.version, lease.data = nextVersion(lease.version), data
    writeData(tenant, { fieldOf(lease.group, lease.holder), data })
    countUp('bytes', tenant, #data - (before and #before or 0))
    recordChange(tenant, lease, data)
  end
  if lease.deadline < oldDeadline then
    redis.call('ZADD', keyOf(MEMBERS, tenant, lease.group), 'LT', digits(lease.deadline), lease.holder)
    redis.call('ZADD', dueKeyOf(tenant), 'LT', digits(lease.deadline), dueMember(DUE_GROUP, tenant, lease.group))
  end
end

-- A beat on one lease. Returns its letter, and the lease if it is live now.
local function beatOne(run, holder, group, data)
  local record = recordOf(run.tenant, holder)
  local lease, nowMs = record.byGroup[group], now(run.tenant)
  if lease and lease.deadline > nowMs then
    if data or lease.deadline > nowMs + (run.form.ttl or lease.ttl) then
      -- What is written for one that was just granted must not be overtaken.
      writeGranted()
    end
    local before = data and dataAt(run.tenant, fieldOf(group, holder))
    if before ~= data then
      local refusal = isMemoryFull and 'f' or refusalOf(run.tenant, #data - (before and #before or 0))
      if refusal then
        return refusal
      end
    end
    renew(run, lease, data, before)
    return 'r', lease
  end
  if lease then
    writeGranted()
    endLease(run.tenant, lease, 'expired')
  end
  if not run.form.grant then
    return 'a'
  end
  if isMemoryFull then
    return 'f'
  end
  local refusal = refusalOf(run.tenant, leaseOverheadBytes + #group + #holder + (data and #data or 0))
  if refusal then
    return refusal
  end
  return 'g', grant(run, record, holder, group, data)
end

-- Returns the reply for one lease.
local function describe(run, letter, group, lease, data)
  local tenant, form = run.tenant, run.form
  local text = letter
  if form.held then
    text = text .. #group .. ';' .. group
  end
  if form.returnsAll or form.returnsRevision then
    text = text .. digits(revisionOf(tenant, group)) .. ';'
  end
  local isComplete = form.returnsAll or form.returnsData
  if not isComplete and letter ~= 'g' then
    return text
  end
  if not lease then
    return text .. '0;-'
  end
  text = text .. digits(lease.epoch) .. ';'
  if not isComplete then
    return text
  end
  -- Data that was deleted from Redis by hand reads as none: an error here would fail the whole batch.
  data = data or lease.data or lease.version > 0 and dataAt(tenant, fieldOf(group, lease.holder))
  if not data then
    return text .. '-'
  end
  local version = form.returnsData and lease.version .. ';' or ''
  return text .. '+' .. version .. #data .. ';' .. data
end

-- A beat of each holder in ARGV from `first` to `last` on all that it holds.
local function beatHeld(run, first, last)
  loadRecords(run.tenant, ARGV, first, last)
  for at = first, last do
    run.bundle = run.bundle + 1
    if run.stale and run.stale[at - first + 1] then
      reply('s')
    else
      local described = {}
      for _, lease in ipairs(leasesHeld(run.tenant, ARGV[at])) do
        local letter, live = beatOne(run, lease.holder, lease.group, false)
        -- Leases that are absent are not returned.
        if letter ~= 'a' then
          described[#described + 1] = describe(run, letter, lease.group, live, false)
        end
      end
      reply(#described .. ';')
      reply(table.concat(described))
    end
  end
end

-- Returns whether a beat that may grant would give its holder more leases than it may have.
local function isTooMany(record, groups)
  if #record.leases + #groups <= maxGroupsPerHolder then
    return false
  end
  local groupsHeld, count = {}, 0
  for group in pairs(record.byGroup) do
    groupsHeld[group], count = true, count + 1
  end
  for _, group in ipairs(groups) do
    if not groupsHeld[group] then
      groupsHeld[group], count = true, count + 1
    end
  end
  return count > maxGroupsPerHolder
end

-- A beat of each holder in ARGV from `first` to `last` on the leases that are named at the same place after them; the data of those
-- that come with any is after the names.
local function beatNamed(run, first, last)
  local form, many = run.form, last - first + 1
  loadRecords(run.tenant, ARGV, first, last)
  for at = first, last do
    run.bundle = run.bundle + 1
    if run.stale and run.stale[at - first + 1] then
      reply('s')
    else
      local names = string.sub(ARGV[at + many], form.shift + 1)
      local groups = form.isSingle and { names } or groupsOfNames(names)
      local refused = form.grant and isTooMany(recordOf(run.tenant, ARGV[at]), groups)
      local dataPlace = last + many + (at - first) * form.dataCount
      for index, group in ipairs(groups) do
        local data = false
        if form.withData and form.withData[index] then
          dataPlace = dataPlace + 1
          data = ARGV[dataPlace]
        end
        local letter, lease = 'm', nil
        if not refused then
          letter, lease = beatOne(run, ARGV[at], group, data)
        end
        reply(describe(run, letter, group, lease, data))
      end
    end
  end
end
