-- Shared: keeping note of what holders have.
--
-- f<tenant>          LIST of fields of leases that ended many at once, packed: their holders are forgotten later
--@include membership/holders
--@include shared/hashes
--@include shared/due

-- So many leases that end at once are many, and their holders are forgotten so much later: when many end at the same time,
-- that is a tenth of the work, and nobody waits for it. An index that names a lease that ended does no harm.
local manyHolders = 8
local forgetAfterMs = 1000

-- Notes new leases: each of some holders, and the head of its group.
local function addHolders(tenant, holders, heads)
  local index = keyOf('h', tenant, '')
  local held, changed, several = {}, {}, {}
  for at, found in ipairs(redis.call('HMGET', index, unpack(holders))) do
    held[holders[at]] = found
  end
  for at, holder in ipairs(holders) do
    local before, one = held[holder], '=' .. heads[at]
    if before and before ~= one and before ~= '+' then
      local isThere = redis.call('HEXISTS', keyOf('l', tenant, ''), string.sub(before, 2) .. holder) == 1
      before = isThere and before
    end
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
local function removeHolders(tenant, holders, fields, parts)
  local index, several = keyOf('h', tenant, ''), keyOf('+', tenant, '')
  local gone = holders
  if redis.call('EXISTS', several) == 0 then
    if #holders >= manyHolders then
      redis.call('RPUSH', keyOf('f', tenant, ''), cmsgpack.pack(fields))
      redis.call('ZADD', dueKey, 'LT', digits(now + forgetAfterMs), dueMember('h', tenant, ''))
      return
    end
  else
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

-- Forgets holders of leases that ended many at once: some of them. Answers how many were looked at, 0 if none are left.
local function removeEnded(tenant)
  local packed = redis.call('LPOP', keyOf('f', tenant, ''))
  if not packed then
    return 0
  end
  local fields = cmsgpack.unpack(packed)
  local holders, heads = {}, {}
  for at, stored in ipairs(redis.call('HMGET', keyOf('l', tenant, ''), unpack(fields))) do
    if not stored then
      local group, holder = groupAndHolder(fields[at])
      holders[#holders + 1], heads[#heads + 1] = holder, headOf(group)
    end
  end
  local gone = {}
  if #holders > 0 then
    for at, held in ipairs(redis.call('HMGET', keyOf('h', tenant, ''), unpack(holders))) do
      if held == '=' .. heads[at] then
        gone[#gone + 1] = holders[at]
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', keyOf('h', tenant, ''), unpack(gone))
  end
  return #fields
end
