-- Hashes of any size.
--@include shared/partition

local smallHash = 16
-- Longer than what Redis keeps in a listpack.
local longField = string.rep('-', 65)

-- Writes field, value, …. Redis keeps a hash of up to 512 fields as a listpack and scans it to find one: 2 µs a lease where
-- there are 200. A field that is too long for a listpack makes it a hash table, which it remains until Redis restarts.
local function writeHash(key, fieldsAndValues)
  redis.call('HSET', key, unpack(fieldsAndValues))
  if redis.call('OBJECT', 'ENCODING', key) ~= 'hashtable' and redis.call('HLEN', key) > smallHash then
    if redis.call('HSETNX', key, longField, '') == 1 then
      redis.call('HDEL', key, longField)
    end
  end
end
