-- Reads all documents of collections.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, collection
-- Returns  per command: key, version, value, key, …, in no order
--@include shared/versions

local replies = {}
for at = 1, #ARGV, 2 do
  local versions = redis.call('HGETALL', keyOf(VERSIONS, ARGV[at], ARGV[at + 1]))
  local reply = {}
  for index = 1, #versions, 2 do
    local version = unpackVersion(ARGV[at], versions[index + 1])
    if version then
      reply[#reply + 1] = versions[index]
      reply[#reply + 1] = version
      reply[#reply + 1] = redis.call('HGET', keyOf(DOCUMENTS, ARGV[at], ARGV[at + 1]), versions[index])
    end
  end
  replies[#replies + 1] = reply
end
return replies
