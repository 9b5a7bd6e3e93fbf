-- Shared: leases as they are stored.
--
-- l<tenant>          HASH of all leases: '<length of the group>:<group><holder>' (the field of a lease)
--                    -> deadline, ttl, epoch, 1 with data or 0 without (the packed lease)
-- z<tenant><group>   ZSET holder -> lower bound of its deadline: a renewal leaves it alone, the sweep brings it up to date
-- g<tenant>          ZSET of the tenant's groups, all with score 0: ordered by name
--
-- All leases of a tenant are in one hash so that a batch of beats is read in one call and written in another. They are
-- packed as numbers, for what a script spends most time on is making strings.
--@include shared/partition

local pack, unpackNumbers = struct.pack, struct.unpack
local leaseFormat = '>dddB'

-- As many as one call takes, with room to spare.
local maxTogether = 1000

local function packLease(deadline, ttl, epoch, hasData)
  return pack(leaseFormat, deadline, ttl, epoch, hasData)
end

-- Deadline, TTL, epoch, and 1 with data or 0 without.
local function unpackLease(packed)
  return unpackNumbers(leaseFormat, packed)
end

local function isLive(packed)
  return packed and unpackNumbers('>d', packed) > now
end

local function headOf(group)
  return #group .. ':' .. group
end

-- Mostly one field has the group of the one before.
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

-- The fields of holders of one group, after those in `fields` if it is given.
local function fieldsOf(group, holders, fields)
  local head = headOf(group)
  fields = fields or {}
  local before = #fields
  for at = 1, #holders do
    fields[before + at] = head .. holders[at]
  end
  return fields
end
