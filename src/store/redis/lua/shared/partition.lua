-- Included by every script: the partition's lease clock, and the counters behind epochs and timetokens.
--
-- KEYS[1]  the partition's clock, '{hb:<n>}:clock', from which all other keys are made.
--
-- Fields of the clock:
--   lease, wall          lease clock and wall time at the last tick, ms
--   frozen               1 or 0
--   seq                  last epoch, revision or version; never less than the time in microseconds, so that it also grows
--                        after Redis lost everything, or its newest writes
--   tt                   last timetoken, whole microseconds
--   owner, ownerUntil    the node that sweeps alone, and until when (wall time, ms)
--   moved                by how much the lease clock was advanced on purpose, ms
--   watched              until when append notifications are requested (wall time, ms)
--@include shared/keys

local time = redis.call('TIME')
local wallMicros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wallMs = math.floor(wallMicros / 1000)

local clock = redis.call('HMGET', KEYS[1], 'lease', 'wall', 'frozen', 'seq', 'tt', 'watched', 'moved')
local isClockStored = clock[1]
local leaseAtTick = tonumber(clock[1]) or wallMs
local wallAtTick = tonumber(clock[2]) or wallMs
local frozen = clock[3] == '1'
-- Every earlier epoch, revision and version is at most this, and every later one is greater.
local seqStored = tonumber(clock[4]) or 0
local seq = math.max(seqStored, wallMicros)
local tt = tonumber(clock[5]) or 0
local seqBefore = seq
local ttBefore = tonumber(clock[5])
local areAppendsWatched = (tonumber(clock[6]) or 0) > wallMs
local movedMs = tonumber(clock[7]) or 0

-- As readLeaseClock of runtime/lease-clock.ts.
local now = leaseAtTick
if not frozen then
  now = leaseAtTick + math.min(math.max(wallMs - wallAtTick, 0), maxClockStepMs)
end

-- Returns a whole number up to 2^53 as text: tostring would round it to 14 digits, and %.0f takes four times as long.
local function digits(number)
  return string.format('%d', number)
end
