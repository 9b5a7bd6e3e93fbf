-- Reads the live members of groups.
--
-- KEYS[1]  the partition's clock
-- ARGV     per group: tenant, group, offset and limit of the page, in the order of grants
-- Returns  per group: { live members, revision, holder, remaining ms, ttl ms, epoch, data or false, … }
--@include membership/live
--@include membership/data

-- Returns the live members of a group, without data.
local function liveMembers(tenant, group)
  local membersKey, nowMs = keyOf(MEMBERS, tenant, group), now(tenant)
  local members = {}
  for from = 0, redis.call('ZCARD', membersKey) - 1, MAX_TOGETHER do
    local holders = redis.call('ZRANGE', membersKey, from, from + MAX_TOGETHER - 1)
    for index, packed in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(holders))) do
      local deadline, ttl, epoch, version = findLive(packed, group, nowMs)
      if deadline then
        members[#members + 1] =
          { holder = holders[index], deadline = deadline, ttl = ttl, epoch = epoch, version = version }
      end
    end
  end
  return members
end

-- Appends a page of the live members of a group to a reply whose first element is their number. Only the page is read with data,
-- which may be large.
local function readMembers(tenant, group, reply, offset, limit)
  local members, nowMs = liveMembers(tenant, group), now(tenant)
  reply[1] = #members
  table.sort(members, function(a, b)
    return a.epoch < b.epoch
  end)
  for from = offset + 1, math.min(#members, offset + limit), MAX_TOGETHER do
    local to = math.min(#members, offset + limit, from + MAX_TOGETHER - 1)
    local fields, versions = {}, {}
    for at = from, to do
      fields[#fields + 1], versions[#versions + 1] = fieldOf(group, members[at].holder), members[at].version
    end
    local data = dataOfAll(tenant, fields, versions)
    for at = from, to do
      local member, last = members[at], #reply
      reply[last + 1] = member.holder
      reply[last + 2] = member.deadline - nowMs
      reply[last + 3] = member.ttl
      reply[last + 4] = member.epoch
      reply[last + 5] = data[at - from + 1]
    end
  end
end

local replies = {}
for at = 1, #ARGV, 4 do
  local tenant, group = ARGV[at], ARGV[at + 1]
  local reply = { 0, tonumber(redis.call('HGET', keyOf(REVISIONS, tenant, ''), group) or 0) }
  local limit = tonumber(ARGV[at + 3])
  if limit == 0 then
    reply[1] = countLive(tenant, group)
  else
    readMembers(tenant, group, reply, tonumber(ARGV[at + 2]), limit)
  end
  replies[#replies + 1] = reply
end
return replies
