-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 owner of the sweep, 4 maximum number of expiries
-- Returns  { more is due (1 or 0), ms until something may be due or -1, tenant, events, tenant, events, … }
--@include shared/documents
--@include membership/endLeases
--@include shared/memory

-- What this call may still take: expiries, and steps of any kind.
local budget = { expiries = tonumber(ARGV[4]), steps = 2000 }
local function isSpent()
  return budget.expiries <= 0 or budget.steps <= 0
end
--@include sweep/leases
--@include sweep/others

-- Sweeps members of the sorted set of what is due: those of one tenant's groups together.
local function sweepMembers(members)
  local tenants, groupsOf = {}, {}
  for _, member in ipairs(members) do
    local kind = string.sub(member, 1, 1)
    local colon = string.find(member, ':', 1, true)
    local length = tonumber(string.sub(member, 2, colon - 1))
    local tenant = string.sub(member, colon + 1, colon + length)
    local name = string.sub(member, colon + length + 1)
    if kind == DUE_GROUP then
      local groups = groupsOf[tenant]
      if not groups then
        groups = {}
        groupsOf[tenant] = groups
        tenants[#tenants + 1] = tenant
      end
      groups[#groups + 1] = { group = name, member = member }
    else
      budget.steps = budget.steps - 1
      if kind == DUE_HOLDERS then
        sweepHolders(tenant, member)
      elseif kind == DUE_WATCHES then
        sweepWatches(tenant, member)
      elseif kind == DUE_TOPIC then
        sweepTopic(tenant, name, member)
      else
        sweepDocument(tenant, name, member)
      end
    end
  end
  for _, tenant in ipairs(tenants) do
    sweepGroups(tenant, groupsOf[tenant])
  end
end

-- Before the clock: a sweep frees memory, so it must work when none is left.
admitWrites()
tickClock()
result[1], result[2] = 0, -1
local claim = redis.call('HMGET', KEYS[1], 'owner', 'ownerUntil')
local isClaimed = claim[1] and claim[1] ~= ARGV[3] and tonumber(claim[2]) > wallMs

while not isClaimed and not isSpent() do
  local members = redis.call('ZRANGEBYSCORE', dueKey, '-inf', digits(now), 'LIMIT', 0, 100)
  if #members == 0 then
    break
  end
  sweepMembers(members)
end

if not frozen then
  local earliest = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if earliest[2] then
    result[2] = math.max(tonumber(earliest[2]) - now, 0)
  end
end
if not isClaimed and isSpent() and redis.call('ZCOUNT', dueKey, '-inf', digits(now)) > 0 then
  result[1] = 1
end
publishAppends()
saveCounters()
return result
