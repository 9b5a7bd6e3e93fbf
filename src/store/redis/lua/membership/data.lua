-- Shared: the data of leases.
--
-- x<tenant>          HASH of the data of those that have any, by the same fields: a renewal leaves it where it is
--@include membership/leases
--@include shared/hashes

local function hasData(packed)
  return string.byte(packed, -1) == 1
end

-- Writes field, data, ….
local function writeData(tenant, fieldsAndData)
  writeHash(keyOf('x', tenant, ''), fieldsAndData)
end

local function dataAt(tenant, field)
  return redis.call('HGET', keyOf('x', tenant, ''), field)
end

-- Each one's data or false. `hasData`: for each 1 or 0.
local function dataOfAll(tenant, fields, hasData)
  local wanted, places, data = {}, {}, {}
  for at = 1, #fields do
    data[at] = false
    if hasData[at] == 1 then
      wanted[#wanted + 1], places[#places + 1] = fields[at], at
    end
  end
  if #wanted > 0 then
    for index, found in ipairs(redis.call('HMGET', keyOf('x', tenant, ''), unpack(wanted))) do
      data[places[index]] = found
    end
  end
  return data, wanted
end

-- The same, and nothing is left of it.
local function takeData(tenant, fields, hasData)
  local data, wanted = dataOfAll(tenant, fields, hasData)
  if #wanted > 0 then
    redis.call('HDEL', keyOf('x', tenant, ''), unpack(wanted))
  end
  return data
end
