-- Shared: keeping note of what holders have.
--@include holders
--@include hashes

-- Notes new leases: each of some holders, and the head of its group.
local function addHolders(tenant, holders, heads)
  local index = keyOf('h', tenant, '')
  local held, changed, several = {}, {}, {}
  for at, found in ipairs(redis.call('HMGET', index, unpack(holders))) do
    held[holders[at]] = found
  end
  for at, holder in ipairs(holders) do
    local before, one = held[holder], '=' .. heads[at]
    if not before then
      held[holder], changed[holder] = one, one
    elseif before ~= one then
      local groups = several[holder] or {}
      several[holder] = groups
      if before ~= '+' then
        groups[#groups + 1] = groupAndHolder(string.sub(before, 2))
        held[holder], changed[holder] = '+', '+'
      end
      groups[#groups + 1] = groupAndHolder(heads[at])
    end
  end
  for holder, groups in pairs(several) do
    redis.call('SADD', keyOf('H', tenant, holder), unpack(groups))
    redis.call('SADD', keyOf('+', tenant, ''), holder)
  end
  local pairsOf = {}
  for holder, after in pairs(changed) do
    pairsOf[#pairsOf + 1] = holder
    pairsOf[#pairsOf + 1] = after
  end
  if #pairsOf > 0 then
    writeHash(index, pairsOf)
  end
end

-- Forgets leases: each of some holders, of which the groups in `parts` have those from `from` to `to`.
local function removeHolders(tenant, holders, parts)
  local index, several = keyOf('h', tenant, ''), keyOf('+', tenant, '')
  local gone = holders
  if redis.call('EXISTS', several) == 1 then
    gone = {}
    local held = redis.call('HMGET', index, unpack(holders))
    for _, part in ipairs(parts) do
      for at = part.from, part.to do
        local holder = holders[at]
        local groups = keyOf('H', tenant, holder)
        if held[at] == '+' then
          redis.call('SREM', groups, part.group)
        end
        if held[at] ~= '+' or redis.call('EXISTS', groups) == 0 then
          gone[#gone + 1] = holder
          if held[at] == '+' then
            redis.call('SREM', several, holder)
          end
        end
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', index, unpack(gone))
  end
end
