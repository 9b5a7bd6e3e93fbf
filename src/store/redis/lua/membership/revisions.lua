-- Shared: revisions of groups.
--
-- r<tenant>          HASH group -> revision
--@include shared/partition

-- Revisions that were read or made in this call.
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
    known[group] = tonumber(redis.call('HGET', keyOf('r', tenant, ''), group) or 0)
  end
  return known[group]
end
