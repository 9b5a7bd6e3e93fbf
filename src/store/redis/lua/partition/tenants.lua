-- Counts what each tenant of the partition holds.
--
-- KEYS[1]  the partition's clock
-- Returns  { leases, documents, topics }, each a flat list of tenant, number, …
--@include shared/partition

local replies = {}
for _, counted in ipairs({ 'leases', 'documents', 'topics' }) do
  replies[#replies + 1] = redis.call('HGETALL', prefix .. COUNTS .. counted)
end
return replies
