-- Forgets tenants, without events.
--
-- KEYS[1]  the partition's clock
-- ARGV     tenants
-- Returns  a 0 for each
--@include shared/documents

local answers = {}
for index, tenant in ipairs(ARGV) do
  for _, group in ipairs(redis.call('ZRANGE', keyOf('g', tenant, ''), 0, -1)) do
    redis.call('DEL', keyOf('z', tenant, group))
    redis.call('ZREM', dueKey, dueMember('g', tenant, group))
  end
  for _, holder in ipairs(redis.call('SMEMBERS', keyOf('+', tenant, ''))) do
    redis.call('DEL', keyOf('H', tenant, holder))
  end
  for _, collection in ipairs(redis.call('SMEMBERS', keyOf('c', tenant, ''))) do
    for _, key in ipairs(redis.call('HKEYS', keyOf('v', tenant, collection))) do
      redis.call('ZREM', dueKey, documentMember(tenant, collection, key))
    end
    redis.call('DEL', keyOf('d', tenant, collection), keyOf('v', tenant, collection))
  end
  for _, topic in ipairs(redis.call('HKEYS', keyOf('t', tenant, ''))) do
    redis.call('DEL', keyOf('s', tenant, topic))
    redis.call('ZREM', dueKey, dueMember('t', tenant, topic))
  end
  redis.call('ZREM', dueKey, dueMember('h', tenant, ''))
  for _, kind in ipairs({ 'l', 'x', 'r', 'h', '+', 'f', 'g', 'c', 't' }) do
    redis.call('DEL', keyOf(kind, tenant, ''))
  end
  for _, kind in ipairs({ 'leases', 'documents', 'topics' }) do
    redis.call('HDEL', prefix .. 'n:' .. kind, tenant)
  end
  answers[index] = 0
end
saveClock()
return answers
