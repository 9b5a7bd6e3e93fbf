-- The data of leases: in a hash of its own, so that a renewal leaves it alone.
--@include membership/leases
--@include shared/hashes

-- Writes field, data, ….
local function writeData(tenant, fieldsAndData)
  writeHash(keyOf(LEASE_DATA, tenant, ''), fieldsAndData)
end

local function dataAt(tenant, field)
  return redis.call('HGET', keyOf(LEASE_DATA, tenant, ''), field)
end

-- Returns the data of each lease, or false; and the fields of those that have any. `versions`: of each, 0 or nothing for none.
local function dataOfAll(tenant, fields, versions)
  local wanted, places, data = {}, {}, {}
  for at = 1, #fields do
    data[at] = false
    if (versions[at] or 0) > 0 then
      wanted[#wanted + 1], places[#places + 1] = fields[at], at
    end
  end
  if #wanted > 0 then
    for index, found in ipairs(redis.call('HMGET', keyOf(LEASE_DATA, tenant, ''), unpack(wanted))) do
      data[places[index]] = found
    end
  end
  return data, wanted
end

-- Returns the data of each lease, or false, and deletes it.
local function takeData(tenant, fields, versions)
  local data, wanted = dataOfAll(tenant, fields, versions)
  if #wanted > 0 then
    redis.call('HDEL', keyOf(LEASE_DATA, tenant, ''), unpack(wanted))
  end
  return data
end
