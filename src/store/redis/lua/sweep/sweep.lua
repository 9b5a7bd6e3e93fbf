-- Ticks the lease clock, and takes what is due.
--
-- KEYS[1]  the partition's clock
-- ARGV     1 entries and 2 idle ms of event topics, 3 owner of the sweep, 4 maximum number of expiries
-- Returns  { 1 if more is due, 2 if only others may sweep what is due and the owner has no claim, else 0; ms until something may be due or -1, tenant, events, tenant, events, … }
--@include shared/documents
--@include shared/ownClocks
--@include membership/endLeases
--@include sweep/claims
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
    local kind, tenant, name = partsOfMember(member)
    if kind == DUE_GROUP then
      local groups = groupsOf[tenant]
      if not groups then
        groups = {}
        groupsOf[tenant] = groups
        tenants[#tenants + 1] = tenant
      end
      groups[#groups + 1] = { group = name, member = member, suspects = false, count = 0, part = false, areAllDue = false }
    else
      budget.steps = budget.steps - 1
      if kind == DUE_WATCHES then
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
local othersClaims, ownClaims = readClaims(ARGV[3])
local ownsClaims = next(ownClaims) ~= nil

-- Takes what is due in one set at a reading of its clock. `isStopped`: nothing becomes due there while time passes.
local function sweepSet(dueKey, nowMs, isStopped, isClaimed)
  while not isClaimed and not isSpent() do
    local members = redis.call('ZRANGEBYSCORE', dueKey, '-inf', digits(nowMs), 'LIMIT', 0, 100)
    if #members == 0 then
      break
    end
    sweepMembers(members)
  end
  local untilNext = untilDue(dueKey, nowMs)
  if untilNext and not isStopped and (result[2] == -1 or untilNext < result[2]) then
    result[2] = untilNext
  end
  if untilNext == 0 and not isClaimed and isSpent() then
    result[1] = 1
  elseif untilNext == 0 and isClaimed and result[1] == 0 and not ownsClaims then
    result[1] = 2
  end
end

result[1], result[2] = 0, -1
sweepSet(prefix .. DUE, leaseMs, frozen, othersClaims[''])
for _, tenant in ipairs(hasClocks and redis.call('HKEYS', prefix .. CLOCKS) or {}) do
  local own = ownClock(tenant)
  if own.offset == 0 and not own.frozen then
    removeOwnClock(tenant, own)
  end
  if ownClock(tenant) then
    local isClaimed = othersClaims[tenant] or othersClaims[''] and not ownClaims[tenant]
    sweepSet(keyOf(OWN_DUE, tenant, ''), own.leaseMs, frozen or own.frozen, isClaimed)
  end
end
saveRecords()
publishAppends()
saveCounters()
return result
