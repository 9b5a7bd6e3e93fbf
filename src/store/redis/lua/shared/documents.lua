-- Changes of documents.
--@include shared/versions
--@include shared/counters
--@include shared/due

local function documentMember(tenant, collection, key)
  return dueMember(DUE_DOCUMENT, tenant, #collection .. ':' .. collection .. key)
end

-- Deletes a document, also one that is due and not yet swept.
local function deleteDocument(tenant, collection, key)
  local versionsKey = keyOf(VERSIONS, tenant, collection)
  if redis.call('HDEL', versionsKey, key) == 1 then
    redis.call('HDEL', keyOf(DOCUMENTS, tenant, collection), key)
    countUp('documents', tenant, -1)
    redis.call('ZREM', dueKeyOf(tenant), documentMember(tenant, collection, key))
    if redis.call('EXISTS', versionsKey) == 0 then
      redis.call('SREM', keyOf(COLLECTIONS, tenant, ''), collection)
    end
  end
end
