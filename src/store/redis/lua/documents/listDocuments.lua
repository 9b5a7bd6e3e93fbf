-- Reads all documents of collections.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, collection
-- Returns  per question: key, version, value, key, …, in no order
--@include shared/versions

local answers = {}
for at = 1, #ARGV, 2 do
  local versions = redis.call('HGETALL', keyOf('v', ARGV[at], ARGV[at + 1]))
  local answer = {}
  for index = 1, #versions, 2 do
    local version = unpackVersion(versions[index + 1])
    if version then
      answer[#answer + 1] = versions[index]
      answer[#answer + 1] = version
      answer[#answer + 1] = redis.call('HGET', keyOf('d', ARGV[at], ARGV[at + 1]), versions[index])
    end
  end
  answers[#answers + 1] = answer
end
return answers
