-- Versions of documents, and guards on them: all that a guard reads.
--@include shared/partition

-- Returns version as text, and deadline or nil; nothing for a document that does not exist or is due.
local function unpackVersion(tenant, packed)
  local bar = packed and string.find(packed, '|', 1, true)
  local deadline = bar and tonumber(string.sub(packed, bar + 1))
  if bar and not (deadline and deadline <= now(tenant)) then
    return string.sub(packed, 1, bar - 1), deadline
  end
end

local function readVersion(tenant, collection, key)
  return unpackVersion(tenant, redis.call('HGET', keyOf(VERSIONS, tenant, collection), key))
end

-- Returns whether all guards hold that are in ARGV from a position on: collection, key, version each.
local function guardsHold(tenant, at, count)
  for guard = at, at + 3 * count - 3, 3 do
    if (readVersion(tenant, ARGV[guard], ARGV[guard + 1]) or '0') ~= ARGV[guard + 2] then
      return false
    end
  end
  return true
end
