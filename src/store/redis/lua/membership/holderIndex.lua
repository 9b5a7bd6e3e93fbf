-- Changes of the index from holders to their leases.
--@include membership/holders
--@include shared/hashes
--@include shared/due

-- From this many leases on that end at once, their holders are removed later: that is a tenth of the work, and no client
-- waits for it. An index entry of a lease that has ended does no harm.
local MANY_HOLDERS = 8
local REMOVE_AFTER_MS = 1000

-- Adds new leases: one per holder, with the head of its field.
local function addHolders(tenant, holders, heads)
  local index = keyOf(HOLDERS, tenant, '')
  local held, changed, several = {}, {}, {}
  for at, found in ipairs(redis.call('HMGET', index, unpack(holders))) do
    held[holders[at]] = found
  end
  for at, holder in ipairs(holders) do
    local before, one = held[holder], '=' .. heads[at]
    if before and before ~= one and before ~= '+' then
      local exists = redis.call('HEXISTS', keyOf(LEASES, tenant, ''), string.sub(before, 2) .. holder) == 1
      before = exists and before
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
    redis.call('SADD', keyOf(HOLDER_GROUPS, tenant, holder), unpack(groups))
    redis.call('SADD', keyOf(MULTI_HOLDERS, tenant, ''), holder)
  end
  local fieldsAndValues = {}
  for holder, after in pairs(changed) do
    fieldsAndValues[#fieldsAndValues + 1] = holder
    fieldsAndValues[#fieldsAndValues + 1] = after
  end
  if #fieldsAndValues > 0 then
    writeHash(index, fieldsAndValues)
  end
end

-- Removes leases: one per holder. `parts`: for each group, the range from `from` to `to` in the lists.
local function removeHolders(tenant, holders, fields, parts)
  local index, multi = keyOf(HOLDERS, tenant, ''), keyOf(MULTI_HOLDERS, tenant, '')
  local gone = holders
  if redis.call('EXISTS', multi) == 0 then
    if #holders >= MANY_HOLDERS then
      redis.call('RPUSH', keyOf(ENDED_LEASES, tenant, ''), cmsgpack.pack(fields))
      redis.call('ZADD', dueKeyOf(tenant), 'LT', digits(now(tenant) + REMOVE_AFTER_MS), dueMember(DUE_HOLDERS, tenant, ''))
      return
    end
  else
    gone = {}
    local held = redis.call('HMGET', index, unpack(holders))
    for _, part in ipairs(parts) do
      for at = part.from, part.to do
        local holder = holders[at]
        local groupsKey = keyOf(HOLDER_GROUPS, tenant, holder)
        if held[at] == '+' then
          redis.call('SREM', groupsKey, part.group)
        end
        if held[at] ~= '+' or redis.call('EXISTS', groupsKey) == 0 then
          gone[#gone + 1] = holder
          if held[at] == '+' then
            redis.call('SREM', multi, holder)
          end
        end
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', index, unpack(gone))
  end
end

-- Removes holders of leases that ended together, some per call. Returns how many leases it checked; 0: none are left.
local function removeEnded(tenant)
  local packed = redis.call('LPOP', keyOf(ENDED_LEASES, tenant, ''))
  if not packed then
    return 0
  end
  local fields = cmsgpack.unpack(packed)
  local holders, heads = {}, {}
  for at, stored in ipairs(redis.call('HMGET', keyOf(LEASES, tenant, ''), unpack(fields))) do
    if not stored then
      local group, holder = groupAndHolder(fields[at])
      holders[#holders + 1], heads[#heads + 1] = holder, headOf(group)
    end
  end
  local gone = {}
  if #holders > 0 then
    for at, held in ipairs(redis.call('HMGET', keyOf(HOLDERS, tenant, ''), unpack(holders))) do
      if held == '=' .. heads[at] then
        gone[#gone + 1] = holders[at]
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', keyOf(HOLDERS, tenant, ''), unpack(gone))
  end
  return #fields
end
