-- What each tenant's data counts for, in bytes, as embedded/sizes.ts counts it, and the limit of that: maxTenantBytes, 0 for none.
--@include shared/counters

local storedBytes = {}

-- Returns whether a tenant may hold so many bytes more.
local function hasRoom(tenant, bytes)
  if maxTenantBytes == 0 or bytes <= 0 then
    return true
  end
  local stored = storedBytes[tenant]
  if not stored then
    stored = tonumber(redis.call('HGET', prefix .. COUNTS .. 'bytes', tenant) or 0)
    storedBytes[tenant] = stored
  end
  local added = counts and counts.bytes[tenant] or 0
  return stored + added + bytes <= maxTenantBytes
end
