-- Shared: versions of documents, and guards on them.
--
-- v<tenant><collection>  HASH key -> '<version>|<deadline or nothing>': all that a guard has to read
--@include shared/partition

-- Version as text and deadline or nil; nothing for a document that is not there or whose time is over.
local function unpackVersion(packed)
  local bar = packed and string.find(packed, '|', 1, true)
  local deadline = bar and tonumber(string.sub(packed, bar + 1))
  if bar and not (deadline and deadline <= now) then
    return string.sub(packed, 1, bar - 1), deadline
  end
end

local function readVersion(tenant, collection, key)
  return unpackVersion(redis.call('HGET', keyOf('v', tenant, collection), key))
end

-- Whether all guards hold that stand in ARGV from a position on: collection, key, version each.
local function guardsHold(tenant, at, count)
  for guard = at, at + 3 * count - 3, 3 do
    if (readVersion(tenant, ARGV[guard], ARGV[guard + 1]) or '0') ~= ARGV[guard + 2] then
      return false
    end
  end
  return true
end
