-- Sequences (epochs, versions, timetokens), and the counts of what each tenant holds.
--@include shared/partition

local function nextSeq()
  seq = seq + 1
  return seq
end

-- Returns a fresh timetoken in microseconds: one more digit makes it the 17 digits that clients see.
local function nextTimetoken()
  tt = math.max(tt + 1, wallMicros)
  return tt
end

-- Adds to the number of 'leases', 'documents' or 'topics' of a tenant.
local counts
local function countUp(counted, tenant, by)
  counts = counts or { leases = {}, documents = {}, topics = {} }
  counts[counted][tenant] = (counts[counted][tenant] or 0) + by
end

-- Writes the lease clock with its reading now, from where it may advance by one step more.
local function tickClock()
  redis.call('HSET', KEYS[1], 'lease', digits(now), 'wall', digits(wallMs), 'frozen', frozen and '1' or '0')
  isClockStored = true
end

-- Writes sequences and counts; called once, at the end of a script. A count of 0 is deleted.
local function saveCounters()
  if not isClockStored then
    tickClock()
  end
  if seq ~= seqBefore or tt ~= ttBefore then
    redis.call('HSET', KEYS[1], 'seq', digits(seq), 'tt', digits(tt))
  end
  for counted, tenants in pairs(counts or {}) do
    local countsKey = prefix .. COUNTS .. counted
    for tenant, by in pairs(tenants) do
      if by ~= 0 and redis.call('HINCRBY', countsKey, tenant, by) <= 0 then
        redis.call('HDEL', countsKey, tenant)
      end
    end
  end
end
