-- Leases as they are stored: one record per holder, so that a request that renews many leases writes once.
--
-- A record is a row of bundles. A bundle has the leases that were last renewed together, which clients renew together again:
--   HEAD_FORMAT      deadline, ttl, number of leases, length of the names
--   NUMBERS_FORMAT   for each lease: epoch, version of its data, which is 0 if it has none
--   names            for each lease: '<length of the group>:<group>', as a beat has them: to renew the same leases is to compare
--                    these bytes, and to write a deadline
-- The field of a lease is its name and the holder, in the hash of data.
--@include shared/partition

local pack, unpackNumbers = struct.pack, struct.unpack
local HEAD_FORMAT = '>I6I5I2I3'
local HEAD_BYTES = 16
-- What a renewal writes: the beginning of the head.
local TIMES_FORMAT = '>I6I5'
local TIMES_BYTES = 11
local NUMBERS_FORMAT = '>I7I2'
local NUMBERS_BYTES = 9
-- The version comes last, so that it is before the name in the bundle of a single lease. Its two bytes are ASCII, as a node sends them.
local VERSION_BYTES = 2

-- How many leases one call of Redis takes; unpack allows some 8000 values.
local MAX_TOGETHER = 1000

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
