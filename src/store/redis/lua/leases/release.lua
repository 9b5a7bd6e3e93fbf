-- Ends leases before their deadline: a batch of releases, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per release:
--          tenant, holder, 'released' or 'expired', number of groups or '-1' for all that are held, group*
-- Returns  { answers, tenant, steps, … }; an answer lists the groups in which the holder was live
--@include membership/holders
--@include membership/steps

local answers = {}
local result = { answers }
local at = 3
while ARGV[at] do
  local tenant, holder, kind = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local count = tonumber(ARGV[at + 3])
  at = at + 4
  local fields = count < 0 and fieldsHeld(tenant, holder) or {}
  for index = 1, count do
    fields[index] = headOf(ARGV[at]) .. holder
    at = at + 1
  end
  local answer = {}
  for _, field in ipairs(fields) do
    local packed = redis.call('HGET', keyOf('l', tenant, ''), field)
    if packed then
      local group = groupAndHolder(field)
      local live = isLive(packed)
      endLease(tenant, field, packed, live and kind or 'expired', result)
      if live then
        answer[#answer + 1] = group
      end
    end
  end
  answers[#answers + 1] = answer
end
publish()
saveClock()
return result
