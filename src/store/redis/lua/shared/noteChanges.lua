-- Notes of changes, and what they say of a tenant.
--@include shared/changes
--@include shared/counters

-- Returns the names of the collections that have documents.
local function collectionsOf(tenant)
  local collections = {}
  for _, field in ipairs(redis.call('HKEYS', keyOf(CHANGES, tenant, ''))) do
    if field ~= LAST_REVISION then
      collections[#collections + 1] = string.sub(field, 2)
    end
  end
  return collections
end

-- Notes that documents of a collection changed.
local function noteDocuments(tenant, collection)
  redis.call('HSET', keyOf(CHANGES, tenant, ''), OF_COLLECTION .. collection, digits(seq))
end

-- Notes that revisions changed, the last one to `seq`.
local function noteRevisions(tenant)
  redis.call('HSET', keyOf(CHANGES, tenant, ''), LAST_REVISION, digits(seq))
end
