-- Ends leases before their deadline: a batch of releases, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per release:
--          tenant, holder, 'released' or 'expired', number of groups or '-1' for all that are held, group*
-- Returns  { replies, tenant, events, … }; a reply lists the groups in which the holder was live
--@include membership/endLeases

local replies = {}
result[1] = replies
local at = 3
while ARGV[at] do
  local tenant, holder, type = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local count = tonumber(ARGV[at + 3])
  at = at + 4
  local leases = count < 0 and leasesHeld(tenant, holder) or {}
  for index = 1, count do
    -- A group may be named twice, or not be held.
    leases[#leases + 1] = recordOf(tenant, holder).byGroup[ARGV[at + index - 1]]
  end
  at = at + math.max(count, 0)
  local reply = {}
  for _, lease in ipairs(leases) do
    if not lease.isEnded then
      local live = lease.deadline > now(tenant)
      endLease(tenant, lease, live and type or 'expired')
      if live then
        reply[#reply + 1] = lease.group
      end
    end
  end
  replies[#replies + 1] = reply
end
saveRecords()
publishAppends()
saveCounters()
return result
