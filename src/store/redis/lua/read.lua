-- Reads single leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     per lease: tenant, group, holder
-- Returns  per lease: false if it is not live, else { remaining ms, the packed lease }
--@include partition
--@include packed

local answers = {}
for at = 1, #ARGV, 3 do
  local packed = readLease(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  answers[#answers + 1] = packed and { deadlineOf(packed) - now, packed }
end
return answers
