-- Lists the groups in which a holder is live.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, holder
-- Returns  per command: the names, in no order
--@include membership/holders
--@include membership/live

local replies = {}
for at = 1, #ARGV, 2 do
  local tenant, holder = ARGV[at], ARGV[at + 1]
  local reply = {}
  for _, field in ipairs(fieldsHeld(tenant, holder)) do
    if readLive(tenant, field) then
      reply[#reply + 1] = groupAndHolder(field)
    end
  end
  replies[#replies + 1] = reply
end
return replies
