-- Reads the clocks.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant
-- Returns  per command: { lease clock ms, wall ms, timetoken, sequence }, where every later timetoken is greater
--@include shared/counters
--@include shared/memory

admitWrites()

tt = math.max(tt, wallMicros)
local replies = {}
for index = 1, #ARGV do
  replies[index] = { now, wallMs, digits(tt) .. '0', digits(seqStored) }
end
saveCounters()
return replies
