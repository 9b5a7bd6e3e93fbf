-- Counts what each tenant of the partition holds.
--
-- KEYS[1]  the partition's clock
-- Returns  { leases, documents, topics, clocks }: three flat lists of tenant, number, …, and the tenants with a clock of their own
--@include shared/partition

local replies = {}
for _, counted in ipairs({ 'leases', 'documents', 'topics' }) do
  replies[#replies + 1] = redis.call('HGETALL', prefix .. COUNTS .. counted)
end
replies[4] = redis.call('HKEYS', prefix .. CLOCKS)
return replies
