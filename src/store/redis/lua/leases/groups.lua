-- Lists groups that have somebody in them, by name.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, '1' with a name to begin after or '0', that name, limit
-- Returns  per question: the names
--@include membership/live

local answers = {}
for at = 1, #ARGV, 4 do
  local tenant, limit = ARGV[at], tonumber(ARGV[at + 3])
  local from = ARGV[at + 1] == '1' and '(' .. ARGV[at + 2] or '-'
  local answer = {}
  while #answer < limit do
    local names = redis.call('ZRANGEBYLEX', keyOf('g', tenant, ''), from, '+', 'LIMIT', 0, limit)
    for _, group in ipairs(names) do
      if #answer < limit and countLive(tenant, group) > 0 then
        answer[#answer + 1] = group
      end
    end
    if #names < limit then
      break
    end
    from = '(' .. names[#names]
  end
  answers[#answers + 1] = answer
end
return answers
