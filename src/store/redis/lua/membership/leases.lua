-- Leases as they are stored.
--
-- The field of a lease is '<length of the group>:<group><holder>'; what comes before the holder is its head. All leases of a
-- tenant are in one hash, so that a batch of beats is one read and one write. They are packed as numbers, for a script
-- spends most of its time on making strings: deadline, ttl, epoch, 1 with data or 0 without.
--@include shared/partition

local pack, unpackNumbers = struct.pack, struct.unpack
local LEASE_FORMAT = '>dddB'

-- How many leases one call of Redis takes; unpack allows some 8000 values.
local MAX_TOGETHER = 1000

local function packLease(deadline, ttl, epoch, hasData)
  return pack(LEASE_FORMAT, deadline, ttl, epoch, hasData)
end

-- Returns deadline, ttl, epoch, and 1 with data or 0 without.
local function unpackLease(packed)
  return unpackNumbers(LEASE_FORMAT, packed)
end

local function isLive(tenant, packed)
  return packed and unpackNumbers('>d', packed) > now(tenant)
end

local function headOf(group)
  return #group .. ':' .. group
end

-- Returns group and holder of a field. Consecutive fields mostly have the same group.
local lastHead, lastGroup
local function groupAndHolder(field)
  if not lastHead or string.sub(field, 1, #lastHead) ~= lastHead then
    local colon = string.find(field, ':', 1, true)
    local length = tonumber(string.sub(field, 1, colon - 1))
    lastHead = string.sub(field, 1, colon + length)
    lastGroup = string.sub(lastHead, colon + 1)
  end
  return lastGroup, string.sub(field, #lastHead + 1)
end

-- Returns the fields of holders of one group, after those in `fields` if it is given.
local function fieldsOf(group, holders, fields)
  local head = headOf(group)
  fields = fields or {}
  local before = #fields
  for at = 1, #holders do
    fields[before + at] = head .. holders[at]
  end
  return fields
end
