-- Reads who is live in groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     per group: tenant, group, '1' for all members or '0' for the number only
-- Returns  per group: { live members, revision, holder, remaining ms, packed lease, … }, in no order
--@include partition
--@include packed

local answers = {}
for at = 1, #ARGV, 3 do
  local tenant, group = ARGV[at], ARGV[at + 1]
  local mkey = keyOf('m', tenant, group)
  local answer = { 0, tonumber(redis.call('HGET', mkey, 'r') or 0) }
  if ARGV[at + 2] == '0' then
    answer[1] = countLive(tenant, group)
  else
    local stored = redis.call('HGETALL', mkey)
    for field = 1, #stored, 2 do
      if stored[field] ~= 'r' then
        local deadline = deadlineOf(stored[field + 1])
        if deadline > now then
          answer[1] = answer[1] + 1
          answer[#answer + 1] = string.sub(stored[field], 2)
          answer[#answer + 1] = deadline - now
          answer[#answer + 1] = stored[field + 1]
        end
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
