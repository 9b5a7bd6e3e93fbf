-- Revisions of groups.
--@include membership/leases

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

-- Reads the revisions of groups that are not known yet.
local function readRevisions(tenant, groups)
  local known = revisionsOf(tenant)
  for from = 1, #groups, MAX_TOGETHER do
    local wanted = {}
    for at = from, math.min(#groups, from + MAX_TOGETHER - 1) do
      if not known[groups[at]] then
        wanted[#wanted + 1] = groups[at]
      end
    end
    if #wanted > 0 then
      for at, revision in ipairs(redis.call('HMGET', keyOf(REVISIONS, tenant, ''), unpack(wanted))) do
        known[wanted[at]] = tonumber(revision or 0)
      end
    end
  end
end

local function revisionOf(tenant, group)
  local known = revisionsOf(tenant)
  if not known[group] then
    known[group] = tonumber(redis.call('HGET', keyOf(REVISIONS, tenant, ''), group) or 0)
  end
  return known[group]
end
