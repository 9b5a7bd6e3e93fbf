-- Reads a lease clock; advances, freezes or thaws it; claims the sweeping of the partition; requests append notifications.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 ms to advance, 2 '1' to freeze, '0' to thaw or '' for no change, 3 owner of a claim of the sweeps or '', 4 its ms, 0 to end it,
--          5 ms for which appends are notified, or '', 6 '1' for the clock of a tenant or '0' for that of the partition, 7 the
--          tenant, 8 '1' to stop at the next deadline or '0', 9 '1' to let the tenant follow the partition again or '0'
-- Returns  { lease ms, wall ms, frozen 1 or 0, date ms, offset ms, ms that it advanced }; nothing, and nothing is changed, if the
--          date would be after the last one. The 7th is why Redis refuses writes that need memory, or ''
--@include shared/ownClocks
--@include sweep/claims
--@include shared/memory

local refusal = refusalOfWrites()
-- The clock needs no more memory than it has.
if string.find(refusal, 'OOM', 1, true) then
  admitWrites()
end

local isOfTenant, tenant = ARGV[6] == '1', ARGV[7]
local advance, freeze = tonumber(ARGV[1]), ARGV[2]

-- Returns the ms until something of any tenant may be due, each on its own clock; nothing if nothing has a deadline.
local function untilAnyDue()
  local least
  -- Watches run on, whatever the clock is advanced by on purpose.
  local first = redis.call('ZRANGE', prefix .. DUE, 0, 99, 'WITHSCORES')
  for at = 1, #first, 2 do
    least = math.max(tonumber(first[at + 1]) - leaseMs, 0)
    if string.sub(first[at], 1, 1) ~= DUE_WATCHES then
      break
    end
  end
  for _, moved in ipairs(hasClocks and redis.call('HKEYS', prefix .. CLOCKS) or {}) do
    local own = ownClock(moved)
    local untilNext = not own.frozen and untilDue(keyOf(OWN_DUE, moved, ''), own.leaseMs)
    least = untilNext and math.min(least or untilNext, untilNext) or least
  end
  -- They are read again after the partition's clock has moved.
  ownClocks = {}
  return least
end

-- Returns by how much the clock advances.
local function allowedAdvance()
  if advance == 0 or ARGV[8] == '0' then
    return advance
  end
  local untilNext
  if isOfTenant then
    giveOwnClock(tenant)
    untilNext = untilDue(dueKeyOf(tenant), now(tenant))
  else
    untilNext = untilAnyDue()
  end
  return math.min(advance, untilNext or advance)
end

local function changeTenant()
  local own = giveOwnClock(tenant)
  own.isChanged = true
  own.offset, own.leaseMs, own.dateMs = own.offset + advance, own.leaseMs + advance, own.dateMs + advance
  if freeze == '1' then
    own.frozen = true
  elseif freeze == '0' and own.frozen then
    own.frozen = false
    own.offset = own.leaseMs - leaseMs
    own.dateMs = own.leaseMs + lag
  end
end

local function changePartition()
  leaseMs = leaseMs + advance
  if advance > 0 then
    redis.call('HINCRBY', KEYS[1], 'moved', digits(advance))
  end
  if freeze ~= '' then
    frozen = freeze == '1'
  end
  tickClock()
end

local isChange = advance > 0 or freeze ~= ''
local last = isOfTenant and dateMs(tenant) or leaseMs + lag
if advance > 0 and last + advance > lastDateMs then
  return false
end
advance = allowedAdvance()
if ARGV[9] == '1' then
  dropOwnClock(tenant)
elseif isChange and isOfTenant then
  changeTenant()
elseif isChange then
  changePartition()
end
if ARGV[3] ~= '' then
  claimSweep(isOfTenant and tenant or '', ARGV[3], tonumber(ARGV[4]))
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'watched', digits(wallMs + tonumber(ARGV[5])))
end
if areAppendsWatched and (isChange or ARGV[9] == '1') then
  local moved = isOfTenant and tenant or ''
  redis.call('PUBLISH', prefix .. appendsName, #moved .. ':' .. moved .. clockMovedTopic)
end
saveCounters()
local own = isOfTenant and hasClocks and ownClock(tenant)
local isFrozen = frozen or own and own.frozen
local date = isOfTenant and dateMs(tenant) or leaseMs + lag
local reading = own and own.leaseMs or leaseMs
return { reading, wallMs, isFrozen and 1 or 0, date, reading - leaseMs, advance, refusal }
