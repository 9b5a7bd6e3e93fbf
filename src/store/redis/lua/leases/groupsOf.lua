-- Lists the groups in which a holder is live.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, holder
-- Returns  per question: the names, in no order
--@include membership/holders
--@include membership/live

local answers = {}
for at = 1, #ARGV, 2 do
  local tenant, holder = ARGV[at], ARGV[at + 1]
  local answer = {}
  for _, field in ipairs(fieldsHeld(tenant, holder)) do
    if readLive(tenant, field) then
      answer[#answer + 1] = groupAndHolder(field)
    end
  end
  answers[#answers + 1] = answer
end
return answers
