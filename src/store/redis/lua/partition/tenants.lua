-- Lists the tenants of the partition and what they hold.
--
-- KEYS[1]  the partition's clock
-- Returns  { leases, documents, topics }, each a flat list of tenant, number, …
--@include shared/partition

local answers = {}
for _, kind in ipairs({ 'leases', 'documents', 'topics' }) do
  answers[#answers + 1] = redis.call('HGETALL', prefix .. 'n:' .. kind)
end
return answers
