-- Reads the oldest and newest positions of topics.
--
-- KEYS[1]  the partition's clock
-- ARGV     per command: tenant, number of topics, topic*
-- Returns  per command, per topic: { oldest position, newest position, entries }
--@include shared/topics

local replies = {}
local at = 1
while ARGV[at] do
  local tenant, count = ARGV[at], tonumber(ARGV[at + 1])
  local reply = {}
  for index = 1, count do
    local topic = ARGV[at + 1 + index]
    local key = keyOf(ENTRIES, tenant, topic)
    local oldest, newest, entries = '0', '0', 0
    if isTopicLive(tenant, topic) then
      local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
      local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
      oldest = first and string.match(first[1], '^%d+') or '0'
      if first and first[2][1] == 'e' then
        -- The entry's position is that of its last event; each event before it has a position of its own.
        oldest = digits(tonumber(string.sub(oldest, 1, -2)) - #cmsgpack.unpack(first[2][2])[4] + 1) .. '0'
      end
      newest = last and string.match(last[1], '^%d+') or '0'
      entries = redis.call('XLEN', key)
    end
    reply[index] = { oldest, newest, entries }
  end
  replies[#replies + 1] = reply
  at = at + 2 + count
end
return replies
