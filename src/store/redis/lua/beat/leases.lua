-- The slow path of beats: leases that are not all plainly renewed.

-- Renews a lease whose data changes, or whose deadline moves forward. Returns the packed lease.
local function renew(run, field, packed, data)
  local tenant = run.tenant
  local group, holder = groupAndHolder(field)
  local oldDeadline, oldTtl, epoch, flag = unpackLease(packed)
  local ttl = run.form.ttl or oldTtl
  local deadline = now(tenant) + ttl
  local changed = data and dataAt(tenant, field) ~= data
  packed = packLease(deadline, ttl, epoch, data and 1 or flag)
  redis.call('HSET', run.leasesKey, field, packed)
  if changed then
    writeData(tenant, { field, data })
    recordChange(tenant, field, epoch, data)
  end
  if deadline < oldDeadline then
    redis.call('ZADD', keyOf(MEMBERS, tenant, group), 'LT', digits(deadline), holder)
    redis.call('ZADD', dueKeyOf(tenant), 'LT', digits(deadline), dueMember(DUE_GROUP, tenant, group))
  end
  return packed
end

-- A beat on one lease that is neither a plain renewal nor a plain grant. Returns its letter, and the packed lease if it is
-- live now.
local function beatOne(run, field, packed, data)
  if isLive(run.tenant, packed) then
    if isMemoryFull and data and dataAt(run.tenant, field) ~= data then
      return 'f'
    end
    return 'r', renew(run, field, packed, data)
  end
  if packed then
    endLease(run.tenant, field, packed, 'expired')
  end
  if run.form.grant then
    if isMemoryFull then
      return 'f'
    end
    return 'g', grant(run, field, data)
  end
  return 'a'
end

-- Returns the reply for one lease.
local function describe(run, letter, field, packed, data)
  local tenant, form = run.tenant, run.form
  local group = groupAndHolder(field)
  local text = letter
  if form.held then
    text = text .. #group .. ';' .. group
  end
  if form.returning ~= 'state' then
    text = text .. digits(revisionOf(tenant, group)) .. ';'
  end
  local isComplete = form.returning == 'all'
  if not isComplete and letter ~= 'g' then
    return text
  end
  if not packed then
    return text .. '0;-'
  end
  local _, _, epoch = unpackLease(packed)
  text = text .. digits(epoch) .. ';'
  if not isComplete then
    return text
  end
  -- Data that was deleted from Redis by hand reads as none: an error here would fail the whole batch.
  data = data or hasData(packed) and dataAt(tenant, field)
  if not data then
    return text .. '-'
  end
  return text .. '+' .. #data .. ';' .. data
end

-- Beats the leases from fields[first] to fields[last] in order. All are read in one call; those that are plainly renewed, as
-- nearly all are, are written in one; grants are collected. Returns the description of each lease that the reply needs;
-- nothing if all were renewed and only that is returned.
local function beatAll(run, fields, first, last)
  local tenant, form, leasesKey, nowMs = run.tenant, run.form, run.leasesKey, now(run.tenant)
  local isDescribed = form.returning == 'all' or form.held
  local described, index, dataPlace = {}, 0, last
  for from = first, last, MAX_TOGETHER do
    local to = math.min(last, from + MAX_TOGETHER - 1)
    if mustWriteGranted(tenant, fields, from, to) then
      writeGranted()
    end
    local stored = redis.call('HMGET', leasesKey, unpack(fields, from, to))
    local storedData = form.withData and redis.call('HMGET', keyOf(LEASE_DATA, tenant, ''), unpack(fields, from, to))
    local renewals, length = { leasesKey }, 1
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
        local oldDeadline, oldTtl, epoch, flag = unpackNumbers(LEASE_FORMAT, packed)
        local ttl = form.ttl or oldTtl
        if oldDeadline > nowMs and oldDeadline <= nowMs + ttl then
          packed = pack(LEASE_FORMAT, nowMs + ttl, ttl, epoch, flag)
          renewals[length + 1], renewals[length + 2] = field, packed
          length = length + 2
          letter = 'r'
        end
      end
      if not letter then
        if not isMemoryFull and not packed and form.grant and not touched[field] then
          letter, packed = 'g', grant(run, field, data)
        else
          if length > 1 then
            redis.call('HSET', unpack(renewals, 1, length))
            length = 1
          end
          writeGranted()
          if touched[field] then
            packed = redis.call('HGET', leasesKey, field)
          end
          letter, packed = beatOne(run, field, packed, data)
        end
        touched[field] = true
        isDescribed = isDescribed or letter ~= 'r'
      end
      if isDescribed then
        -- A beat on all that a holder has does not return the leases that are absent.
        described[at] = not (form.held and letter == 'a') and describe(run, letter, field, packed, data)
      end
    end
    if length > 1 then
      redis.call('HSET', unpack(renewals, 1, length))
    end
  end
  return isDescribed and described
end
