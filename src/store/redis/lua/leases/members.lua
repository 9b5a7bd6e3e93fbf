-- Reads who is live in groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     per group: tenant, group, '1' for all members or '0' for the number only
-- Returns  per group: { live members, revision, holder, remaining ms, ttl ms, epoch, data or false, … }, in no order
--@include membership/live
--@include membership/data

local answers = {}
for at = 1, #ARGV, 3 do
  local tenant, group = ARGV[at], ARGV[at + 1]
  local answer = { 0, tonumber(redis.call('HGET', keyOf('r', tenant, ''), group) or 0) }
  if ARGV[at + 2] == '0' then
    answer[1] = countLive(tenant, group)
  else
    local zkey = keyOf('z', tenant, group)
    for from = 0, redis.call('ZCARD', zkey) - 1, maxTogether do
      local holders = redis.call('ZRANGE', zkey, from, from + maxTogether - 1)
      local fields = fieldsOf(group, holders)
      local stored = redis.call('HMGET', keyOf('l', tenant, ''), unpack(fields))
      local leases, flags = {}, {}
      for index = 1, #holders do
        leases[index] = isLive(stored[index]) and { unpackLease(stored[index]) }
        flags[index] = leases[index] and leases[index][4]
      end
      local data = dataOfAll(tenant, fields, flags)
      for index = 1, #holders do
        if leases[index] then
          local deadline, ttl, epoch = unpack(leases[index])
          answer[1] = answer[1] + 1
          local last = #answer
          answer[last + 1] = holders[index]
          answer[last + 2] = deadline - now
          answer[last + 3] = ttl
          answer[last + 4] = epoch
          answer[last + 5] = data[index]
        end
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
