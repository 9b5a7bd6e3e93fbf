-- Deletes all data of a tenant.
--@include shared/documents
--@include shared/watches

local function dropNamed(tenant)
  for _, group in ipairs(redis.call('ZRANGE', keyOf(GROUPS, tenant, ''), 0, -1)) do
    redis.call('DEL', keyOf(MEMBERS, tenant, group))
    redis.call('ZREM', dueKeyOf(tenant), dueMember(DUE_GROUP, tenant, group))
  end
  for _, collection in ipairs(collectionsOf(tenant)) do
    for _, key in ipairs(redis.call('HKEYS', keyOf(VERSIONS, tenant, collection))) do
      redis.call('ZREM', dueKeyOf(tenant), documentMember(tenant, collection, key))
    end
    redis.call('DEL', keyOf(DOCUMENTS, tenant, collection), keyOf(VERSIONS, tenant, collection))
  end
  for _, topic in ipairs(redis.call('HKEYS', keyOf(TOPICS, tenant, ''))) do
    redis.call('DEL', keyOf(ENTRIES, tenant, topic))
    redis.call('ZREM', dueKeyOf(tenant), dueMember(DUE_TOPIC, tenant, topic))
  end
end

local onePerTenant = {
  LEASES, LEASE_DATA, GROUPS, REVISIONS, CHANGES, TOPICS, TOPIC_BYTES,
}

local WATCHES_TOGETHER = 1000

local function bytesOfWatches(tenant)
  local bytes = 0
  for _, watched in ipairs({ WATCHED_GROUPS, WATCHED_PREFIXES }) do
    local watchesKey = keyOf(WATCHES, tenant, watched)
    for from = 0, redis.call('ZCARD', watchesKey) - 1, WATCHES_TOGETHER do
      for _, name in ipairs(redis.call('ZRANGE', watchesKey, from, from + WATCHES_TOGETHER - 1)) do
        bytes = bytes + watchOverheadBytes + #name
      end
    end
  end
  return bytes
end

-- Deletes all data of a tenant but its watches, without events, and tells the nodes whose clients wait.
local function dropTenant(tenant)
  dropNamed(tenant)
  for _, kind in ipairs(onePerTenant) do
    redis.call('DEL', keyOf(kind, tenant, ''))
  end
  for _, counted in ipairs({ 'leases', 'documents', 'topics', 'bytes' }) do
    redis.call('HDEL', prefix .. COUNTS .. counted, tenant)
  end
  local bytes = bytesOfWatches(tenant)
  if bytes > 0 then
    redis.call('HSET', prefix .. COUNTS .. 'bytes', tenant, bytes)
  end
  if areAppendsWatched then
    redis.call('PUBLISH', prefix .. appendsName, #tenant .. ':' .. tenant .. tenantResetTopic)
  end
end
