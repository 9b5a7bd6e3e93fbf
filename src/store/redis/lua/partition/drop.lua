-- Deletes all data of tenants but their watches, without events.
--
-- KEYS[1]  the partition's clock
-- ARGV     tenants
-- Returns  a 0 for each
--@include partition/dropTenant

local replies = {}
for index, tenant in ipairs(ARGV) do
  dropTenant(tenant)
  replies[index] = 0
end
saveCounters()
return replies
