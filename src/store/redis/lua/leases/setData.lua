-- Changes the data of live leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per change:
--          tenant, group, holder, '1' with data or '0' for none, data, '1' to emit an event or '0'
-- Returns  { replies, tenant, events, … }; a reply is 0 not live, 1 live and unchanged, 2 changed, 3 refused because the tenant
--          would hold too many bytes
--@include membership/records
--@include membership/data
--@include membership/events
--@include shared/bytes

local replies = {}
result[1] = replies
for at = 3, #ARGV, 6 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local field = fieldOf(group, holder)
  local data = ARGV[at + 3] == '1' and ARGV[at + 4]
  local lease = recordOf(tenant, holder).byGroup[group]
  local isLive = lease and lease.deadline > now(tenant)
  local before = isLive and dataAt(tenant, field)
  local bytes = (data and #data or 0) - (before and #before or 0)
  if not isLive then
    replies[#replies + 1] = 0
  elseif before == data then
    replies[#replies + 1] = 1
  elseif refusalOf(tenant, bytes) then
    replies[#replies + 1] = 3
  else
    countUp('bytes', tenant, bytes)
    lease.version = data and nextVersion(lease.version) or 0
    lease.record.isChanged = true
    if data then
      writeData(tenant, { field, data })
    else
      redis.call('HDEL', keyOf(LEASE_DATA, tenant, ''), field)
    end
    if ARGV[at + 5] == '1' then
      recordChange(tenant, lease, data)
    end
    replies[#replies + 1] = 2
  end
end
saveRecords()
publishAppends()
saveCounters()
return result
