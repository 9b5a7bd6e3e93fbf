-- Changes the data of live leases.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per change:
--          tenant, group, holder, '1' with data or '0' for none, data, quiet '1' or '0'
-- Returns  { answers, tenant, steps, … }; an answer is 0 not live, 1 live and unchanged, 2 changed
--@include membership/live
--@include membership/steps

local answers = {}
local result = { answers }
for at = 3, #ARGV, 6 do
  local tenant, group, holder = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local data = ARGV[at + 3] == '1' and ARGV[at + 4]
  local field = headOf(group) .. holder
  local packed = readLive(tenant, field)
  if not packed then
    answers[#answers + 1] = 0
  elseif dataAt(tenant, field) == data then
    answers[#answers + 1] = 1
  else
    local deadline, ttl, epoch = unpackLease(packed)
    redis.call('HSET', keyOf('l', tenant, ''), field, packLease(deadline, ttl, epoch, data and 1 or 0))
    if data then
      writeData(tenant, { field, data })
    else
      redis.call('HDEL', keyOf('x', tenant, ''), field)
    end
    if ARGV[at + 5] == '0' then
      recordChange(tenant, group, holder, epoch, data, result)
    end
    answers[#answers + 1] = 2
  end
end
publish()
saveClock()
return result
