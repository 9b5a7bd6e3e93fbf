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

-- Returns which guards do not hold, by number, of those in a list from a position on: collection, key, version each; nothing if all
-- hold. Returns also whether time may change that: a document has a deadline. Guards on one collection that follow each other are read
-- together.
local function failedGuards(tenant, list, at, count)
  local from, last, failed, isTimed = at, at + 3 * count - 1, nil, false
  while from <= last do
    local collection, keys = list[from], {}
    local to = from
    while to <= last and list[to] == collection and #keys < 1000 do
      keys[#keys + 1] = list[to + 1]
      to = to + 3
    end
    for index, packed in ipairs(redis.call('HMGET', keyOf(VERSIONS, tenant, collection), unpack(keys))) do
      local wanted = list[from + 3 * index - 1]
      -- Most documents have no deadline.
      if packed ~= wanted .. '|' then
        isTimed = isTimed or packed
        if (unpackVersion(tenant, packed) or '0') ~= wanted then
          failed = failed or {}
          failed[(from - at) / 3 + index] = true
        end
      end
    end
    from = to
  end
  return failed, isTimed
end
