-- Included by every script: the lease clocks, and the counters behind epochs and timetokens.
--
-- KEYS[1]  the partition's clock, '{hb:<n>}:clock', from which all other keys are made.
--
-- Fields of the clock:
--   layout               version of the layout of all keys (layoutVersion in keys.ts)
--   lease, wall          lease clock and wall time at the last tick, ms
--   lag                  by how much the date is ahead of the lease clock, ms: wall time that the lease clock did not count
--   ahead                by how much the date is ahead of wall time because that went back, ms; absent: not at all
--   frozen               1 or 0
--   seq                  last epoch, revision or version; never less than the time in microseconds, so that it also grows
--                        after Redis lost everything, or its newest writes
--   tt                   last timetoken, whole microseconds
--   moved                by how much the lease clock was advanced on purpose, ms
--   watched              until when append notifications are requested (wall time, ms)
--   clocks               number of tenants with a clock of their own (CLOCKS); absent: none, and nobody looks for them
--@include shared/keys

local time = redis.call('TIME')
local wallMicros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wallMs = math.floor(wallMicros / 1000)

local clock =
  redis.call('HMGET', KEYS[1], 'lease', 'wall', 'frozen', 'seq', 'tt', 'watched', 'moved', 'lag', 'clocks')
local isClockStored = clock[1]
local leaseAtTick = tonumber(clock[1]) or wallMs
local wallAtTick = tonumber(clock[2]) or wallMs
local frozen = clock[3] == '1'
local wasFrozen = frozen
-- Every earlier epoch, revision and version is at most this, and every later one is greater.
local seqStored = tonumber(clock[4]) or 0
local seq = math.max(seqStored, wallMicros)
local tt = tonumber(clock[5]) or 0
local seqBefore = seq
local ttBefore = tonumber(clock[5])
local areAppendsWatched = (tonumber(clock[6]) or 0) > wallMs
local movedMs = tonumber(clock[7]) or 0

local hasClocks = clock[9]

-- As tick of runtime/lease-clock.ts: the partition's lease clock, and how far its date is ahead of that.
local leaseMs = leaseAtTick
local lag = tonumber(clock[8]) or wallAtTick - leaseAtTick
if not frozen then
  local elapsed = math.max(wallMs - wallAtTick, 0)
  leaseMs = leaseAtTick + math.min(elapsed, maxClockStepMs)
  lag = lag + elapsed - (leaseMs - leaseAtTick)
end

-- Clocks of their own, by tenant; false for a tenant that has none. A clock has its `offset` from the partition's, whether it
-- is `frozen`, its readings `leaseMs` and `dateMs` now, and its last timetoken `tt`.
local ownClocks = {}
local CLOCK_FORMAT = '>dBddd'

local function ownClock(tenant)
  local own = ownClocks[tenant]
  if own == nil then
    local packed = redis.call('HGET', prefix .. CLOCKS, tenant)
    own = false
    if packed then
      own = {}
      own.offset, own.frozen, own.leaseMs, own.dateMs, own.tt = struct.unpack(CLOCK_FORMAT, packed)
      own.frozen = own.frozen == 1
      if not own.frozen then
        own.leaseMs = leaseMs + own.offset
        own.dateMs = own.leaseMs + lag
      end
    end
    ownClocks[tenant] = own
  end
  return own
end

-- Returns the reading of the tenant's lease clock.
local function now(tenant)
  local own = hasClocks and ownClock(tenant)
  return own and own.leaseMs or leaseMs
end

-- Returns a whole number up to 2^53 as text: tostring would round it to 14 digits, and %.0f takes four times as long.
local function digits(number)
  return string.format('%d', number)
end
