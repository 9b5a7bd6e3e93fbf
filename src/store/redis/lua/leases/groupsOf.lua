-- Lists the groups in which a holder is live.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, holder
-- Returns  per command: the names, sorted
--@include membership/records

local replies = {}
for at = 1, #ARGV, 2 do
  local tenant, holder = ARGV[at], ARGV[at + 1]
  local reply = {}
  for _, lease in ipairs(leasesHeld(tenant, holder)) do
    if lease.deadline > now(tenant) then
      reply[#reply + 1] = lease.group
    end
  end
  replies[#replies + 1] = reply
end
return replies
