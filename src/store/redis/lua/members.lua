-- Reads who is live in groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     per group: tenant, group, '1' for all members or '0' for the number only
-- Returns  per group: { live members, revision, holder, remaining ms, packed lease, … }, by deadline
--@include partition

local answers = {}
for at = 1, #ARGV, 3 do
  local tenant, group = ARGV[at], ARGV[at + 1]
  local zkey = keyOf('z', tenant, group)
  local mkey = keyOf('m', tenant, group)
  local revision = tonumber(redis.call('HGET', mkey, 'r') or 0)
  local answer
  if ARGV[at + 2] == '0' then
    answer = { redis.call('ZCOUNT', zkey, '(' .. digits(now), '+inf'), revision }
  else
    local live = redis.call('ZRANGEBYSCORE', zkey, '(' .. digits(now), '+inf', 'WITHSCORES')
    answer = { #live / 2, revision }
    -- In slices: unpack puts its values on the C stack.
    for from = 1, #live, 2000 do
      local fields = {}
      local to = math.min(from + 1999, #live)
      for index = from, to, 2 do
        fields[#fields + 1] = 'h' .. live[index]
      end
      local packed = redis.call('HMGET', mkey, unpack(fields))
      for index = from, to, 2 do
        answer[#answer + 1] = live[index]
        answer[#answer + 1] = tonumber(live[index + 1]) - now
        answer[#answer + 1] = packed[(index - from) / 2 + 1]
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
