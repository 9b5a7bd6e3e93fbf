-- Counts live members.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, number of groups, group*
-- Returns  per command: a number for each group
--@include membership/live

local replies = {}
local at = 1
while ARGV[at] do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local reply = {}
  for index = 1, count do
    reply[index] = countLive(tenant, ARGV[at + 1 + index])
  end
  replies[#replies + 1] = reply
  at = at + 2 + count
end
return replies
