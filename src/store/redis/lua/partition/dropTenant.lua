-- Deletes all data of a tenant.
--@include shared/documents

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

-- Deletes all data of a tenant but its watches, without events, and tells the nodes whose clients wait.
local function dropTenant(tenant)
  dropNamed(tenant)
  for _, kind in ipairs(onePerTenant) do
    redis.call('DEL', keyOf(kind, tenant, ''))
  end
  for _, counted in ipairs({ 'leases', 'documents', 'topics', 'bytes' }) do
    redis.call('HDEL', prefix .. COUNTS .. counted, tenant)
  end
  if areAppendsWatched then
    redis.call('PUBLISH', prefix .. appendsName, #tenant .. ':' .. tenant .. tenantResetTopic)
  end
end
