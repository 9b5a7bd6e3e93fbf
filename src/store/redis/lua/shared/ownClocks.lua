-- Clocks of single tenants: a tenant has one from the first time that it is moved or frozen apart from the others.
--@include shared/counters
--@include shared/due

local MOVED_TOGETHER = 1000

local function countClocks()
  local count = redis.call('HLEN', prefix .. CLOCKS)
  hasClocks = count > 0
  if hasClocks then
    redis.call('HSET', KEYS[1], 'clocks', count)
  else
    redis.call('HDEL', KEYS[1], 'clocks')
  end
end

-- Moves members from one set of what is to be swept to another. `members`: score, member, …
local function moveDue(from, to, members)
  for first = 1, #members, 2 * MOVED_TOGETHER do
    local last = math.min(#members, first + 2 * MOVED_TOGETHER - 1)
    local names = {}
    for at = first + 1, last, 2 do
      names[#names + 1] = members[at]
    end
    redis.call('ZADD', to, unpack(members, first, last))
    redis.call('ZREM', from, unpack(names))
  end
end

-- Returns score, member, … of one tenant's members of the set of all tenants, or of all members of another set.
local function membersIn(dueKey, tenant)
  -- Redis compares them, for there may be millions of others.
  local pattern = '?' .. #tenant .. ':' .. string.gsub(tenant, '[%*%?%[%]\\^%-]', '\\%0') .. '*'
  local found, cursor = {}, '0'
  repeat
    local page = redis.call('ZSCAN', dueKey, cursor, 'MATCH', pattern, 'COUNT', MOVED_TOGETHER)
    cursor = page[1]
    for at = 1, #page[2], 2 do
      local kind, owner = partsOfMember(page[2][at])
      -- Watches run on the partition's clock.
      if owner == tenant and kind ~= DUE_WATCHES then
        found[#found + 1] = page[2][at + 1]
        found[#found + 1] = page[2][at]
      end
    end
  until cursor == '0'
  return found
end

-- Returns the tenant's own clock; one that it did not have before reads as the partition's.
local function giveOwnClock(tenant)
  local own = hasClocks and ownClock(tenant)
  if not own then
    own = { offset = 0, frozen = false, leaseMs = leaseMs, dateMs = leaseMs + lag, tt = tt }
    ownClocks[tenant] = own
    saveClock(tenant, own)
    countClocks()
    moveDue(prefix .. DUE, keyOf(OWN_DUE, tenant, ''), membersIn(prefix .. DUE, tenant))
  end
  return own
end

-- Removes a clock that reads as the partition's. It stays while the tenant holds topics whose timetokens are greater than those
-- of the partition, for timetokens never go back.
local function removeOwnClock(tenant, own)
  local isAhead = own.tt > math.max(tt, own.dateMs * 1000)
  if not (isAhead and redis.call('HEXISTS', prefix .. COUNTS .. 'topics', tenant) == 1) then
    local ownDue = keyOf(OWN_DUE, tenant, '')
    moveDue(ownDue, prefix .. DUE, membersIn(ownDue, tenant))
    ownClocks[tenant] = false
    redis.call('HDEL', prefix .. CLOCKS, tenant)
    countClocks()
  end
end

-- Lets the tenant follow the partition's clock again.
local function dropOwnClock(tenant)
  local own = hasClocks and ownClock(tenant)
  if own then
    own.offset, own.frozen, own.leaseMs, own.dateMs, own.isChanged = 0, false, leaseMs, leaseMs + lag, true
    removeOwnClock(tenant, own)
  end
end
