-- Redis without free memory (maxmemory, noeviction). It refuses a command that may need memory only as the first write of a
-- script: what frees memory, or needs none, makes a harmless write first.

-- Makes a write that Redis never refuses for lack of memory. It changes nothing: the key never exists.
local function admitWrites()
  redis.call('DEL', KEYS[2])
end

-- Returns why Redis refuses writes that need memory, or ''. Asks with one that changes nothing.
local function refusalOfWrites()
  local reply = redis.pcall('ZADD', KEYS[2], 'XX', 0, '')
  if type(reply) ~= 'table' then
    return ''
  end
  -- Redis 6.2 puts the place in the script before it.
  return string.match(reply.err, '^@user_script: %d+: (.-)%s*$') or reply.err
end
