-- Reads topics.
--
-- KEYS[1]  the partition's clock
-- ARGV     per question: tenant, limit, number of topics, (topic, position to begin after)*
-- Returns  per question, per topic: { position, payload, position, payload, … }, oldest first, at most limit entries
--@include partition
--@include topics

local answers = {}
local at = 1
while ARGV[at] do
  local tenant, limit, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local answer = {}
  for index = 0, count - 1 do
    local topic, after = ARGV[at + 3 + 2 * index], ARGV[at + 4 + 2 * index]
    local found = {}
    if isTopicLive(tenant, topic) then
      local entries = redis.call('XRANGE', keyOf('s', tenant, topic), '(' .. after .. '-0', '+', 'COUNT', limit)
      for _, entry in ipairs(entries) do
        found[#found + 1] = string.match(entry[1], '^%d+')
        found[#found + 1] = entry[2][2]
      end
    end
    answer[#answer + 1] = found
  end
  answers[#answers + 1] = answer
  at = at + 3 + 2 * count
end
return answers
