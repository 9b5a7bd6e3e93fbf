-- What each tenant's data counts for, in bytes, as embedded/sizes.ts counts it, and the limits of that: maxTenantBytes of one tenant,
-- maxTenants of them in the partition; 0 for none.
--@include shared/counters

local TENANT_FULL = 'b'
local TOO_MANY_TENANTS = 't'

local storedBytes, newTenants, newCount = {}, {}, 0

-- Returns whether a tenant that holds nothing may hold something.
local function isAdmitted(tenant)
  if maxTenants == 0 or newTenants[tenant] or string.sub(tenant, 1, #serverSpace) == serverSpace then
    return true
  end
  if redis.call('HLEN', prefix .. COUNTS .. 'bytes') + newCount >= maxTenants then
    return false
  end
  newTenants[tenant], newCount = true, newCount + 1
  return true
end

-- Returns why a tenant may not hold so many bytes more; nothing if it may. `isExempt`: as far as its own bytes go.
local function refusalOf(tenant, bytes, isExempt)
  if bytes <= 0 or maxTenantBytes == 0 and maxTenants == 0 then
    return
  end
  local stored = storedBytes[tenant]
  if not stored then
    stored = tonumber(redis.call('HGET', prefix .. COUNTS .. 'bytes', tenant) or 0)
    storedBytes[tenant] = stored
  end
  local held = stored + (counts and counts.bytes[tenant] or 0)
  if held <= 0 and not isAdmitted(tenant) then
    return TOO_MANY_TENANTS
  end
  if maxTenantBytes > 0 and not isExempt and held + bytes > maxTenantBytes then
    return TENANT_FULL
  end
end
