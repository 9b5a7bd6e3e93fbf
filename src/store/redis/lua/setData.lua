-- Changes the data of live leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per change:
--          tenant, group, holder, '1' with data or '0' for none, data, quiet '1' or '0'
-- Returns  { answers, tenant, events, … }; an answer is 0 not live, 1 live and unchanged, 2 changed
--@include partition
--@include topics
--@include packed
--@include documents
--@include steps

local answers = {}
local result = { answers }
for at = 3, #ARGV, 6 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local data = ARGV[at + 3] == '1' and ARGV[at + 4]
  local mkey = keyOf('m', tenant, group)
  local stored = redis.call('HMGET', mkey, 'h' .. holder, 'r')
  if not stored[1] or deadlineOf(stored[1]) <= now then
    answers[#answers + 1] = 0
  else
    local deadline, ttl, epoch, oldData = unpackLease(stored[1])
    if oldData == data then
      answers[#answers + 1] = 1
    else
      redis.call('HSET', mkey, 'h' .. holder, packLease(deadline, ttl, epoch, data))
      if ARGV[at + 5] == '0' then
        local count = redis.call('ZCARD', keyOf('z', tenant, group))
        recordOne(tenant, group, holder, 'changed', epoch, stored[2], count, data, result)
      end
      answers[#answers + 1] = 2
    end
  end
end
publish()
saveClock()
return result
