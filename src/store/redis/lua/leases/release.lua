-- Ends leases before their deadline: a batch of releases, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per release:
--          tenant, holder, 'released' or 'expired', number of groups or '-1' for all that are held, group*
-- Returns  { replies, tenant, events, … }; a reply lists the groups in which the holder was live
--@include membership/holders
--@include membership/endLeases

local replies = {}
result[1] = replies
local at = 3
while ARGV[at] do
  local tenant, holder, type = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local count = tonumber(ARGV[at + 3])
  at = at + 4
  local fields = count < 0 and fieldsHeld(tenant, holder) or {}
  for index = 1, count do
    fields[index] = headOf(ARGV[at]) .. holder
    at = at + 1
  end
  local reply = {}
  for _, field in ipairs(fields) do
    local packed = redis.call('HGET', keyOf(LEASES, tenant, ''), field)
    if packed then
      local group = groupAndHolder(field)
      local live = isLive(tenant, packed)
      endLease(tenant, field, packed, live and type or 'expired')
      if live then
        reply[#reply + 1] = group
      end
    end
  end
  replies[#replies + 1] = reply
end
publishAppends()
saveCounters()
return result
