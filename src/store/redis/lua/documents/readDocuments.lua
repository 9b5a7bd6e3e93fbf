-- Reads documents by name.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, number of documents, (collection, key)*
-- Returns  per question, per document: false, or { version, value }
--@include shared/versions

local answers = {}
local at = 1
while ARGV[at] do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local answer = {}
  for index = 0, count - 1 do
    local collection, key = ARGV[at + 2 + 2 * index], ARGV[at + 3 + 2 * index]
    local version = readVersion(tenant, collection, key)
    answer[index + 1] = version and { version, redis.call('HGET', keyOf('d', tenant, collection), key) } or false
  end
  answers[#answers + 1] = answer
  at = at + 2 + 2 * count
end
return answers
