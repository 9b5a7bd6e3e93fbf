-- Counts what tenants of the partition hold, some per call.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 where to go on, '0' at first
-- Returns  { where to go on or '0', then for each tenant: its name, bytes, leases, documents and topics; }
--@include shared/partition

local TENANTS_TOGETHER = 500

-- What a tenant holds counts for its bytes, so that this hash has all of them.
local page = redis.call('HSCAN', prefix .. COUNTS .. 'bytes', ARGV[1], 'COUNT', TENANTS_TOGETHER)
local tenants, replies = {}, { page[1] }
for at = 1, #page[2], 2 do
  tenants[#tenants + 1] = page[2][at]
end
local bytes = page[2]
local counted = {}
-- A small hash is read whole, whatever the page.
for from = 1, #tenants, TENANTS_TOGETHER do
  local to = math.min(#tenants, from + TENANTS_TOGETHER - 1)
  for place, name in ipairs({ 'leases', 'documents', 'topics' }) do
    counted[place] = redis.call('HMGET', prefix .. COUNTS .. name, unpack(tenants, from, to))
  end
  for at = from, to do
    replies[#replies + 1] = tenants[at]
    replies[#replies + 1] = bytes[2 * at]
    for place = 1, 3 do
      replies[#replies + 1] = counted[place][at - from + 1] or '0'
    end
  end
end
return replies
