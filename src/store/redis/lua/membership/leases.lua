-- What is made of the records of holders, and found in them, apart from the fast path of beats.
--@include membership/layout

local function fieldOf(group, holder)
  return #group .. ':' .. group .. holder
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
  if packed and string.byte(packed) ~= ROW then
    if string.sub(packed, SINGLE_BYTES + 1) == group then
      return unpackNumbers(SINGLE_FORMAT, packed)
    end
    return
  end
  local at, name = 2, nameOf(group)
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
