-- Revisions of groups.
--@include shared/partition

-- Revisions that this call has read or made.
local revisions = {}
local function revisionsOf(tenant)
  local known = revisions[tenant]
  if not known then
    known = {}
    revisions[tenant] = known
  end
  return known
end

local function revisionOf(tenant, group)
  local known = revisionsOf(tenant)
  if not known[group] then
    known[group] = tonumber(redis.call('HGET', keyOf(REVISIONS, tenant, ''), group) or 0)
  end
  return known[group]
end
