-- Sequences (epochs, versions, timetokens), and the counts of what each tenant holds.
--@include shared/partition

local function nextSeq()
  seq = seq + 1
  return seq
end

-- Returns the tenant's date: what wall time would be had it been moved and frozen with the lease clock.
local function dateMs(tenant)
  local own = hasClocks and ownClock(tenant)
  return own and own.dateMs or leaseMs + lag
end

-- Takes `many` consecutive timetokens (0: none), each greater than every earlier one of the tenant and not below its date.
-- Returns the last that is taken, in microseconds: one more digit makes it the 17 digits that clients see.
local function nextTimetoken(tenant, many)
  local own = hasClocks and ownClock(tenant)
  local micros = dateMs(tenant) * 1000
  if not frozen and not (own and own.frozen) then
    micros = micros + wallMicros % 1000
  end
  local last = math.max((own and own.tt or tt) + many, micros + math.max(many - 1, 0))
  if own then
    own.isChanged = own.isChanged or own.tt ~= last
    own.tt = last
  else
    tt = last
  end
  return last
end

local function saveClock(tenant, own)
  local packed = struct.pack(CLOCK_FORMAT, own.offset, own.frozen and 1 or 0, own.leaseMs, own.dateMs, own.tt)
  redis.call('HSET', prefix .. CLOCKS, tenant, packed)
end

-- Adds to the number of 'leases', 'documents', 'topics' or 'bytes' of a tenant.
local counts
local function countUp(counted, tenant, by)
  counts = counts or { leases = {}, documents = {}, topics = {}, bytes = {} }
  counts[counted][tenant] = (counts[counted][tenant] or 0) + by
end

-- Writes the lease clock with its reading now, from where it may advance by one step more.
local function tickClock()
  if not wasFrozen then
    local ahead = tonumber(redis.call('HGET', KEYS[1], 'ahead')) or 0
    ahead = ahead + math.max(wallAtTick - wallMs, 0)
    if ahead > 0 then
      -- The date runs at half speed until wall time is there.
      local less = math.min(ahead, math.floor(math.max(wallMs - wallAtTick, 0) / 2))
      lag = lag - less
      redis.call('HSET', KEYS[1], 'ahead', digits(ahead - less))
    end
  end
  if not isClockStored then
    redis.call('HSET', KEYS[1], 'layout', layoutVersion)
  end
  local state = frozen and '1' or '0'
  redis.call('HSET', KEYS[1], 'lease', digits(leaseMs), 'wall', digits(wallMs), 'frozen', state, 'lag', digits(lag))
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
  for tenant, own in pairs(ownClocks) do
    if own and own.isChanged then
      saveClock(tenant, own)
    end
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
