-- Shared: the counters behind epochs and timetokens, and of what tenants hold.
--@include shared/partition

local function nextSeq()
  seq = seq + 1
  return seq
end

-- A fresh timetoken in microseconds: one more digit makes it the 17 digits that clients see.
local function nextTimetoken()
  tt = math.max(tt + 1, wallMicros)
  return tt
end

-- Counts what a tenant holds of a kind ('leases', 'documents', 'topics').
local counts
local function countUp(kind, tenant, by)
  counts = counts or { leases = {}, documents = {}, topics = {} }
  counts[kind][tenant] = (counts[kind][tenant] or 0) + by
end

-- To be called once, when all is done. Nothing is left of a count of 0.
local function saveClock()
  if not clock[1] then
    redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', '0')
  end
  if seq ~= seqBefore or tt ~= ttBefore then
    redis.call('HSET', KEYS[1], 'seq', digits(seq), 'tt', digits(tt))
  end
  for kind, tenants in pairs(counts or {}) do
    for tenant, by in pairs(tenants) do
      if by ~= 0 and redis.call('HINCRBY', prefix .. 'n:' .. kind, tenant, by) <= 0 then
        redis.call('HDEL', prefix .. 'n:' .. kind, tenant)
      end
    end
  end
end
