-- Returns the tenants of the partition that have a clock of their own.
--
-- KEYS[1]  the partition's clock
--@include shared/partition

return redis.call('HKEYS', prefix .. CLOCKS)
