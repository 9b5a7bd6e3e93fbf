-- Lists the groups that have live members, by name.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, '1' with a name after which to begin or '0', that name, limit
-- Returns  per command: the names
--@include membership/live

local replies = {}
for at = 1, #ARGV, 4 do
  local tenant, limit = ARGV[at], tonumber(ARGV[at + 3])
  local from = ARGV[at + 1] == '1' and '(' .. ARGV[at + 2] or '-'
  local reply = {}
  while #reply < limit do
    local names = redis.call('ZRANGEBYLEX', keyOf(GROUPS, tenant, ''), from, '+', 'LIMIT', 0, limit)
    for _, group in ipairs(names) do
      if #reply < limit and countLive(tenant, group) > 0 then
        reply[#reply + 1] = group
      end
    end
    if #names < limit then
      break
    end
    from = '(' .. names[#names]
  end
  replies[#replies + 1] = reply
end
return replies
