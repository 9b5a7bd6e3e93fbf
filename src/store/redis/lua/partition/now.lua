-- Reads the clocks.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant
-- Returns  per question: { lease clock ms, wall ms, timetoken }, the timetoken below every one to come
--@include shared/counters

tt = math.max(tt, wallMicros)
local answers = {}
for index = 1, #ARGV do
  answers[index] = { now, wallMs, digits(tt) .. '0' }
end
saveClock()
return answers
