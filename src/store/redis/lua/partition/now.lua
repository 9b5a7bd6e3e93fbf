-- Reads the clocks.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant
-- Returns  per command: { the tenant's lease clock ms, wall ms, timetoken, sequence, date ms }, where every later timetoken is greater
--@include shared/counters
--@include shared/memory

admitWrites()

local replies = {}
for index, tenant in ipairs(ARGV) do
  local timetoken = digits(nextTimetoken(tenant, 0)) .. '0'
  replies[index] = { now(tenant), wallMs, timetoken, digits(seqStored), dateMs(tenant) }
end
saveCounters()
return replies
