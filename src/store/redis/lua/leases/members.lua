-- Reads the live members of groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     per group: tenant, group, '1' for all members or '0' for their number only
-- Returns  per group: { live members, revision, holder, remaining ms, ttl ms, epoch, data or false, … }, in no order
--@include membership/live
--@include membership/data

-- Appends the live members of a group to a reply whose first element is their number.
local function readMembers(tenant, group, reply)
  local membersKey = keyOf(MEMBERS, tenant, group)
  for from = 0, redis.call('ZCARD', membersKey) - 1, MAX_TOGETHER do
    local holders = redis.call('ZRANGE', membersKey, from, from + MAX_TOGETHER - 1)
    local fields = fieldsOf(group, holders)
    local stored = redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(fields))
    local leases, flags = {}, {}
    for index = 1, #holders do
      leases[index] = isLive(stored[index]) and { unpackLease(stored[index]) }
      flags[index] = leases[index] and leases[index][4]
    end
    local data = dataOfAll(tenant, fields, flags)
    for index = 1, #holders do
      if leases[index] then
        local deadline, ttl, epoch = unpack(leases[index])
        reply[1] = reply[1] + 1
        local last = #reply
        reply[last + 1] = holders[index]
        reply[last + 2] = deadline - now
        reply[last + 3] = ttl
        reply[last + 4] = epoch
        reply[last + 5] = data[index]
      end
    end
  end
end

local replies = {}
for at = 1, #ARGV, 3 do
  local tenant, group = ARGV[at], ARGV[at + 1]
  local reply = { 0, tonumber(redis.call('HGET', keyOf(REVISIONS, tenant, ''), group) or 0) }
  if ARGV[at + 2] == '0' then
    reply[1] = countLive(tenant, group)
  else
    readMembers(tenant, group, reply)
  end
  replies[#replies + 1] = reply
end
return replies
