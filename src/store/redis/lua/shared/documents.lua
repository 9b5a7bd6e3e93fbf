-- Changes of documents.
--@include shared/versions
--@include shared/noteChanges
--@include shared/due

local function documentMember(tenant, collection, key)
  return dueMember(DUE_DOCUMENT, tenant, #collection .. ':' .. collection .. key)
end

-- Deletes a document, also one that is due and not yet swept.
local function deleteDocument(tenant, collection, key)
  local versionsKey = keyOf(VERSIONS, tenant, collection)
  local documentsKey = keyOf(DOCUMENTS, tenant, collection)
  local bytes = redis.call('HSTRLEN', documentsKey, key)
  if redis.call('HDEL', versionsKey, key) == 1 then
    redis.call('HDEL', documentsKey, key)
    countUp('bytes', tenant, -documentOverheadBytes - #collection - #key - bytes)
    countUp('documents', tenant, -1)
    redis.call('ZREM', dueKeyOf(tenant), documentMember(tenant, collection, key))
    if redis.call('EXISTS', versionsKey) == 0 then
      redis.call('HDEL', keyOf(CHANGES, tenant, ''), OF_COLLECTION .. collection)
    else
      nextSeq()
      noteDocuments(tenant, collection)
    end
  end
end
