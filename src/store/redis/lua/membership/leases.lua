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
-- Where the version is within the numbers. Its two bytes are ASCII, as they are compared with what a beat comes with.
local VERSION_AT = 7

-- How many leases one call of Redis takes; unpack allows some 8000 values.
local MAX_TOGETHER = 1000

local function nameOf(group)
  return #group .. ':' .. group
end

local function fieldOf(group, holder)
  return #group .. ':' .. group .. holder
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

-- Returns the version of data that follows on another one, 0 for none: it comes again after 16 383 changes.
local function nextVersion(version)
  local low, high = version % 256 + 1, math.floor(version / 256)
  if low == 128 then
    low, high = 0, (high + 1) % 128
  end
  return low + high == 0 and 1 or high * 256 + low
end

-- Returns the version of the data of a lease that was not here before, which is hardly that of an earlier one.
local function firstVersion(epoch)
  return nextVersion(math.floor(epoch / 128) % 128 * 256 + epoch % 128)
end

-- Returns deadline, ttl, epoch, and the version of the data or 0, of the lease on a group in a packed record; nothing if it has none.
local function findLease(packed, group)
  local at, name = 1, nameOf(group)
  while packed and at <= #packed do
    local deadline, ttl, count, bytes = unpackNumbers(HEAD_FORMAT, packed, at)
    local numbersAt = at + HEAD_BYTES
    local nameAt = numbersAt + NUMBERS_BYTES * count
    at = nameAt + bytes
    -- Most records do not have the name at all, or nothing else.
    local found = string.find(packed, name, nameAt, true)
    if found and found < at then
      for index = 0, count - 1 do
        local colon = string.find(packed, ':', nameAt, true)
        if nameAt == found then
          return deadline, ttl, unpackNumbers(NUMBERS_FORMAT, packed, numbersAt + NUMBERS_BYTES * index)
        end
        nameAt = colon + tonumber(string.sub(packed, nameAt, colon - 1)) + 1
        if nameAt > found then
          -- It was a part of another name.
          found = string.find(packed, name, nameAt, true)
          if not found or found >= at then
            break
          end
        end
      end
    end
  end
end
