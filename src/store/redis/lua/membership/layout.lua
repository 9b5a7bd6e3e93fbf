-- Leases as they are stored: one record per holder, so that a request that renews many leases writes once.
--
-- Most holders have a single lease. Their record is
--   SINGLE_FORMAT    deadline, ttl, epoch, version of its data, which is 0 if it has none
--   the group
-- Any other record, also that of a single lease with a TTL above MAX_SINGLE_TTL, is the byte ROW, which no deadline begins with, and a
-- row of bundles. A bundle has the leases that were last renewed together, which clients renew together again:
--   HEAD_FORMAT      deadline, ttl, number of leases, length of the names
--   NUMBERS_FORMAT   for each lease: epoch, version of its data
--   names            for each lease: '<length of the group>:<group>'
-- A beat has the group or the names in the same form: to renew the same leases is to compare these bytes, and to write a deadline.
-- The field of a lease is its name and the holder, in the hash of data.
--@include shared/partition

local pack, unpackNumbers = struct.pack, struct.unpack
local SINGLE_FORMAT = '>I6I3I7I2'
local SINGLE_BYTES = 18
local MAX_SINGLE_TTL = 16777215
local ROW = 255
-- A deadline in a record of a single lease is below the number that a row has in the same place.
local ROW_DEADLINE = 280375465082880
local HEAD_FORMAT = '>I6I5I2I3'
local HEAD_BYTES = 16
-- What a renewal writes: the beginning of the record of a single lease, or of the head.
local SINGLE_TIMES_FORMAT = '>I6I3'
local SINGLE_DEADLINE_FORMAT = '>I6'
local SINGLE_TIMES_BYTES = 9
local TIMES_FORMAT = '>I6I5'
local TIMES_BYTES = 11
local NUMBERS_PART = 'I7I2'
local NUMBERS_FORMAT = '>I7I2'
local NUMBERS_BYTES = 9
-- The version comes last, so that it is before the group, or the name in the bundle of a single lease. Its two bytes are ASCII, as a node sends them.
local VERSION_BYTES = 2

-- How many leases one call of Redis takes; unpack allows some 8000 values.
local MAX_TOGETHER = 1000

local function nameOf(group)
  return #group .. ':' .. group
end

-- Returns the group whose name is at a position of names, and the position after it.
local function groupAt(names, at)
  local colon = string.find(names, ':', at, true)
  local last = colon + tonumber(string.sub(names, at, colon - 1))
  return string.sub(names, colon + 1, last), last + 1
end

-- Returns the groups of names.
local function groupsOfNames(names)
  local groups, at, group = {}, 1, nil
  while at <= #names do
    group, at = groupAt(names, at)
    groups[#groups + 1] = group
  end
  return groups
end
