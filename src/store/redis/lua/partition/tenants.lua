-- Counts what each tenant of the partition holds.
--
-- KEYS[1]  the partition's clock
-- Returns  { leases, documents, topics, bytes, clocks }: four flat lists of tenant, number, …, and the tenants with a clock of their own
--@include shared/partition

local replies = {}
for _, counted in ipairs({ 'leases', 'documents', 'topics', 'bytes' }) do
  replies[#replies + 1] = redis.call('HGETALL', prefix .. COUNTS .. counted)
end
replies[5] = redis.call('HKEYS', prefix .. CLOCKS)
return replies
