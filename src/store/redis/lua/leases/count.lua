-- Counts live members.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, number of groups, group*
-- Returns  per question: a number for each group
--@include membership/live

local answers = {}
local at = 1
while ARGV[at] do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local answer = {}
  for index = 1, count do
    answer[index] = countLive(tenant, ARGV[at + 1 + index])
  end
  answers[#answers + 1] = answer
  at = at + 2 + count
end
return answers
