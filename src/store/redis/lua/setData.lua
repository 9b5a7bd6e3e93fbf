-- Changes the data of live leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per change:
--          tenant, group, holder, '1' with data or '0' for none, data, quiet '1' or '0'
-- Returns  { answers, tenant, event, … }; an answer is 0 not live, 1 live and unchanged, 2 changed
--@include partition
--@include topics
--@include leases

local answers = {}
local result = { answers }
for at = 3, #ARGV, 6 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local data = ARGV[at + 3] == '1' and ARGV[at + 4]
  local zkey = keyOf('z', tenant, group)
  local mkey = keyOf('m', tenant, group)
  local deadline = redis.call('ZSCORE', zkey, holder)
  if not deadline or tonumber(deadline) <= now then
    answers[#answers + 1] = 0
  else
    local stored = redis.call('HMGET', mkey, 'h' .. holder, 'r')
    local epoch, ttl, oldData = unpackLease(stored[1])
    if oldData == data then
      answers[#answers + 1] = 1
    else
      redis.call('HSET', mkey, 'h' .. holder, packLease(epoch, ttl, data))
      if ARGV[at + 5] == '0' then
        result[#result + 1] = tenant
        result[#result + 1] =
          record(tenant, group, holder, 'changed', epoch, tonumber(stored[2]), redis.call('ZCARD', zkey), 0, data)
      end
      answers[#answers + 1] = 2
    end
  end
end
publish()
saveClock()
return result
