-- Hashes of any size.
--@include shared/partition

local SMALL_HASH = 16
-- Longer than what Redis keeps in a listpack.
local LONG_FIELD = '-----------------------------------------------------------------'

-- Writes field, value, …. Redis keeps a hash of up to 512 fields as a listpack and scans it to find one: 2 µs a lease where
-- there are 200. A field that is too long for a listpack makes it a hash table, which it remains until Redis restarts.
local function writeHash(key, fieldsAndValues)
  redis.call('HSET', key, unpack(fieldsAndValues))
  if redis.call('OBJECT', 'ENCODING', key) ~= 'hashtable' and redis.call('HLEN', key) > SMALL_HASH then
    if redis.call('HSETNX', key, LONG_FIELD, '') == 1 then
      redis.call('HDEL', key, LONG_FIELD)
    end
  end
end
