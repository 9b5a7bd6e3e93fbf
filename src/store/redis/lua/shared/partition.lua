-- Shared by every script: the partition's keys, its lease clock, and the counters behind epochs and timetokens.
--
-- KEYS[1]  the partition's clock, '{hb:<n>}:clock'. Every other key is made from it and has the same hash tag.
--
-- The clock is a hash: lease and wall (ms at the last tick), frozen (1 or 0), seq (epochs, revisions and versions; never
-- behind the time in microseconds, so that it grows also where Redis lost everything, or its newest writes), tt (the last
-- timetoken, whole microseconds), owner and ownerUntil (who may sweep alone, until when on the wall), attended (until when
-- on the wall somebody waits for appends).

local maxStepMs = 2000

local prefix = string.sub(KEYS[1], 1, -6)
local time = redis.call('TIME')
local wallMicros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wallMs = math.floor(wallMicros / 1000)

local clock = redis.call('HMGET', KEYS[1], 'lease', 'wall', 'frozen', 'seq', 'tt', 'attended')
local leaseAtTick = tonumber(clock[1]) or wallMs
local wallAtTick = tonumber(clock[2]) or wallMs
local frozen = clock[3] == '1'
local seq = math.max(tonumber(clock[4]) or 0, wallMicros)
local tt = tonumber(clock[5]) or 0
local seqBefore = seq
local ttBefore = tonumber(clock[5])
local attended = (tonumber(clock[6]) or 0) > wallMs

local now = leaseAtTick
if not frozen then
  now = leaseAtTick + math.min(math.max(wallMs - wallAtTick, 0), maxStepMs)
end

-- A whole number up to 2^53 as text: tostring would round it to 14 digits. (%.0f would do, at four times the cost.)
local function digits(number)
  return string.format('%d', number)
end

-- Names may hold any character, so the first part of a key says how long it is.
local function keyOf(kind, tenant, name)
  return prefix .. kind .. #tenant .. ':' .. tenant .. name
end
