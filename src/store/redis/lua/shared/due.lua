-- Members of the sorted sets of what is to be swept: one for all tenants, and one for each tenant with a clock of its own, whose
-- scores are in its time.
--@include shared/partition

local DUE_GROUP = 'g'      -- leases of a group
local DUE_TOPIC = 't'
local DUE_WATCHES = 'w'    -- watches of events
local DUE_DOCUMENT = 'd'   -- its name: '<length of the collection>:<collection><key>'

local function dueKeyOf(tenant)
  return hasClocks and ownClock(tenant) and keyOf(OWN_DUE, tenant, '') or prefix .. DUE
end

local function dueMember(kind, tenant, name)
  return kind .. #tenant .. ':' .. tenant .. name
end

-- Returns kind, tenant and name of a member.
local function partsOfMember(member)
  local colon = string.find(member, ':', 1, true)
  local length = tonumber(string.sub(member, 2, colon - 1))
  return string.sub(member, 1, 1), string.sub(member, colon + 1, colon + length), string.sub(member, colon + length + 1)
end

-- Returns the ms from a reading of a clock until something in a set may be due; nothing if the set is empty.
local function untilDue(dueKey, nowMs)
  local earliest = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')[2]
  return earliest and math.max(tonumber(earliest) - nowMs, 0)
end
