-- Renews or grants leases: a batch of beats, each one atomic.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, then per beat:
--          tenant, holder, ttl ms or '', default ttl ms, grant '1' or '0',
--          number of guards, (collection, key, version)*,
--          number of groups or '-1' for all that are held, (group, '1' with data or '0' without, data)*
-- Returns  { answers, tenant, event, tenant, event, … }; an answer is false if a guard did not hold, else a flat list of
--          group, state (0 absent, 1 renewed, 2 granted), epoch, revision, data or false
--@include partition
--@include topics
--@include leases
--@include documents

local answers = {}
local result = { answers }
local at = 3
while ARGV[at] do
  local tenant, holder = ARGV[at], ARGV[at + 1]
  local ttl, grant = tonumber(ARGV[at + 2]), ARGV[at + 4] == '1'
  local defaultTtl = ARGV[at + 3]
  local hold
  hold, at = guardsHold(tenant, at + 5)
  local count = tonumber(ARGV[at])
  at = at + 1
  local groups
  if count < 0 then
    grant = false
    groups = redis.call('SMEMBERS', keyOf('h', tenant, holder))
    table.sort(groups)
  end
  local answer = {}
  for index = 1, groups and #groups or count do
    local group, data
    if groups then
      group = groups[index]
    else
      group = ARGV[at]
      data = ARGV[at + 1] == '1' and ARGV[at + 2]
      at = at + 3
    end
    if hold then
      local zkey = keyOf('z', tenant, group)
      local mkey = keyOf('m', tenant, group)
      local field = 'h' .. holder
      local deadline = redis.call('ZSCORE', zkey, holder)
      if deadline and tonumber(deadline) <= now then
        endLeases(tenant, group, { holder, deadline }, 'expired', result)
        deadline = false
      end
      if deadline then
        local stored = redis.call('HMGET', mkey, field, 'r')
        local epoch, oldTtl, oldData = unpackLease(stored[1])
        local newTtl = ttl or oldTtl
        redis.call('ZADD', zkey, digits(now + newTtl), holder)
        if now + newTtl < tonumber(deadline) then
          redis.call('ZADD', dueKey, 'LT', digits(now + newTtl), dueMember('g', tenant, group))
        end
        local changed = data and data ~= oldData
        if changed or newTtl ~= oldTtl then
          redis.call('HSET', mkey, field, packLease(epoch, newTtl, changed and data or oldData))
        end
        if changed then
          result[#result + 1] = tenant
          result[#result + 1] =
            record(tenant, group, holder, 'changed', epoch, tonumber(stored[2]), redis.call('ZCARD', zkey), 0, data)
        end
        answer[#answer + 1] = group
        answer[#answer + 1] = 1
        answer[#answer + 1] = epoch
        answer[#answer + 1] = tonumber(stored[2])
        answer[#answer + 1] = changed and data or oldData
      elseif grant then
        local epoch = nextSeq()
        local newTtl = ttl or tonumber(defaultTtl)
        redis.call('ZADD', zkey, digits(now + newTtl), holder)
        redis.call('HSET', mkey, field, packLease(epoch, newTtl, data), 'r', digits(epoch))
        redis.call('SADD', keyOf('h', tenant, holder), group)
        redis.call('ZADD', dueKey, 'LT', digits(now + newTtl), dueMember('g', tenant, group))
        local members = redis.call('ZCARD', zkey)
        if members == 1 then
          redis.call('ZADD', keyOf('g', tenant, ''), 0, group)
        end
        countUp('leases', tenant, 1)
        result[#result + 1] = tenant
        result[#result + 1] = record(tenant, group, holder, 'granted', epoch, epoch, members, 0, data)
        answer[#answer + 1] = group
        answer[#answer + 1] = 2
        answer[#answer + 1] = epoch
        answer[#answer + 1] = epoch
        answer[#answer + 1] = data
      elseif not groups then
        answer[#answer + 1] = group
        answer[#answer + 1] = 0
        answer[#answer + 1] = 0
        answer[#answer + 1] = tonumber(redis.call('HGET', mkey, 'r') or 0)
        answer[#answer + 1] = false
      end
    end
  end
  answers[#answers + 1] = hold and answer
end
publish()
saveClock()
return result
