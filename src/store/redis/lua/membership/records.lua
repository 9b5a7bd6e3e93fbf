-- The records of holders that a call changes: each is read once, changed here, and written once, at the end.
--@include membership/leases
--@include shared/hashes

-- By tenant and holder. A record has `leases`, in the order in which they are packed, and the live ones of them `byGroup`.
local recordsOf = {}

-- The place of a lease that was granted or renewed is after all that was there before.
local NEW_PLACE = 1000000
local lastPlace = NEW_PLACE

local function unpackRecord(packed, holder)
  local record = { leases = {}, byGroup = {} }
  if packed and string.byte(packed) ~= ROW then
    local lease = { record = record, group = string.sub(packed, SINGLE_BYTES + 1), holder = holder, bundle = 1, place = 1 }
    lease.deadline, lease.ttl, lease.epoch, lease.version = unpackNumbers(SINGLE_FORMAT, packed)
    record.leases[1], record.byGroup[lease.group] = lease, lease
    return record
  end
  local at, bundle = 2, 0
  while packed and at <= #packed do
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local numbersAt = at + HEAD_BYTES
    local nameAt = numbersAt + NUMBERS_BYTES * count
    at, bundle = nameAt + bytes, bundle + 1
    for index = 0, count - 1 do
      local epoch, version = unpackNumbers(NUMBERS_FORMAT, packed, numbersAt + NUMBERS_BYTES * index)
      local group
      group, nameAt = groupAt(packed, nameAt)
      local place = #record.leases + 1
      local lease = {
        record = record,
        group = group,
        holder = holder,
        deadline = deadline,
        ttl = ttl,
        epoch = epoch,
        version = version,
        bundle = bundle,
        place = place,
      }
      record.leases[place], record.byGroup[group] = lease, lease
    end
  end
  return record
end

-- Reads the records of holders that are not known yet.
local function loadRecords(tenant, holders, first, last)
  local known = recordsOf[tenant] or {}
  recordsOf[tenant] = known
  for from = first, last, MAX_TOGETHER do
    local wanted = {}
    for at = from, math.min(last, from + MAX_TOGETHER - 1) do
      if not known[holders[at]] then
        wanted[#wanted + 1] = holders[at]
      end
    end
    if #wanted > 0 then
      for at, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(wanted))) do
        known[wanted[at]] = known[wanted[at]] or unpackRecord(packed, wanted[at])
      end
    end
  end
  return known
end

-- Unpacks a record that was read, if it is not known yet.
local function addRecord(tenant, holder, packed)
  local known = recordsOf[tenant] or {}
  recordsOf[tenant] = known
  known[holder] = known[holder] or unpackRecord(packed, holder)
end

local function recordOf(tenant, holder)
  local known = recordsOf[tenant]
  return known and known[holder] or loadRecords(tenant, { holder }, 1, 1)[holder]
end

-- Returns the leases of a holder, sorted by group: a copy, which changes leave as it is.
local function leasesHeld(tenant, holder)
  local leases = {}
  for _, lease in pairs(recordOf(tenant, holder).byGroup) do
    leases[#leases + 1] = lease
  end
  table.sort(leases, function(a, b)
    return a.group < b.group
  end)
  return leases
end

-- Moves a lease to the end of its record, into the bundle of those that the same beat names.
local function touchLease(lease, bundle)
  lastPlace = lastPlace + 1
  lease.bundle, lease.place = NEW_PLACE + bundle, lastPlace
  lease.record.isChanged = true
end

local function addLease(record, lease, bundle)
  lease.record = record
  record.leases[#record.leases + 1], record.byGroup[lease.group] = lease, lease
  touchLease(lease, bundle)
end

local function removeLease(lease)
  local record = lease.record
  lease.isEnded, record.byGroup[lease.group], record.isChanged = true, nil, true
end

-- Returns the record as it is stored; nothing for one without leases.
local function packRecord(record)
  local live = {}
  for _, lease in ipairs(record.leases) do
    if not lease.isEnded then
      live[#live + 1] = lease
    end
  end
  local only = live[1]
  if #live == 1 and only.ttl <= MAX_SINGLE_TTL then
    return pack(SINGLE_FORMAT, only.deadline, only.ttl, only.epoch, only.version) .. only.group
  end
  table.sort(live, function(a, b)
    return a.place < b.place
  end)
  local parts, from = { string.char(ROW) }, 1
  while from <= #live do
    local first, to = live[from], from
    local numbers, names = {}, {}
    while live[to] and live[to].bundle == first.bundle and live[to].deadline == first.deadline and live[to].ttl == first.ttl do
      numbers[#numbers + 1] = pack(NUMBERS_FORMAT, live[to].epoch, live[to].version)
      names[#names + 1] = nameOf(live[to].group)
      to = to + 1
    end
    local text = table.concat(names)
    parts[#parts + 1] = pack(HEAD_FORMAT, first.deadline, first.ttl, to - from, #text)
    parts[#parts + 1] = table.concat(numbers)
    parts[#parts + 1] = text
    from = to
  end
  return only and table.concat(parts)
end

-- Writes what changed; called once, at the end of a script.
local function saveRecords()
  for tenant, records in pairs(recordsOf) do
    local leasesKey = keyOf(LEASES, tenant, '')
    local written, deleted = {}, {}
    for holder, record in pairs(records) do
      if record.isChanged then
        local packed = packRecord(record)
        if packed then
          written[#written + 1], written[#written + 2] = holder, packed
        else
          deleted[#deleted + 1] = holder
        end
        if #written >= MAX_TOGETHER then
          writeHash(leasesKey, written)
          written = {}
        end
        if #deleted >= MAX_TOGETHER then
          redis.call('HDEL', leasesKey, unpack(deleted))
          deleted = {}
        end
      end
    end
    if #written > 0 then
      writeHash(leasesKey, written)
    end
    if #deleted > 0 then
      redis.call('HDEL', leasesKey, unpack(deleted))
    end
  end
end
