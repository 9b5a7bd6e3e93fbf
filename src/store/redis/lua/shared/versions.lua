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

-- Returns which guards do not hold, by number, of those in ARGV from a position on: collection, key, version each; nothing if all
-- hold. Guards on one collection that follow each other are read together.
local function failedGuards(tenant, at, count)
  local from, last, failed = at, at + 3 * count - 1, nil
  while from <= last do
    local collection, keys = ARGV[from], {}
    local to = from
    while to <= last and ARGV[to] == collection and #keys < 1000 do
      keys[#keys + 1] = ARGV[to + 1]
      to = to + 3
    end
    for index, packed in ipairs(redis.call('HMGET', keyOf(VERSIONS, tenant, collection), unpack(keys))) do
      local wanted = ARGV[from + 3 * index - 1]
      -- Most documents have no deadline.
      if packed ~= wanted .. '|' and (unpackVersion(tenant, packed) or '0') ~= wanted then
        failed = failed or {}
        failed[(from - at) / 3 + index] = true
      end
    end
    from = to
  end
  return failed
end
