-- The fast path of beats: a batch of plain renewals, as nearly all batches are.
--@include membership/leases
--@include shared/versions
--@include membership/revisions

local replies = {}

local function reply(text)
  replies[#replies + 1] = text
end

-- Replies with the revisions of leases, once for consecutive leases of one group.
local function replyRevisions(tenant, fields, first, last)
  local from = first
  while from <= last do
    local group = groupAndHolder(fields[from])
    local head, to = headOf(group), from
    while to < last and string.find(fields[to + 1], head, 1, true) == 1 do
      to = to + 1
    end
    reply((to - from + 1) .. ';' .. digits(revisionOf(tenant, group)) .. ';')
    from = to + 1
  end
end

-- Renews the leases of a batch of plain renewals and returns true. Returns false at the first beat that is something else;
-- to renew again what was renewed before it changes nothing.
local function renewAll()
  local at = 3
  while ARGV[at] do
    local tenant, beats = ARGV[at], ARGV[at + 2]
    local ttl, returning, guards, groups = string.match(ARGV[at + 1], '^(%d*),%d+,[01],(%l+),(%d+),([01]+)$')
    if not ttl or returning == 'all' or guards ~= '0' and not guardsHold(tenant, at + 3, tonumber(guards)) then
      return false
    end
    ttl = tonumber(ttl)
    local first = at + 3 + 3 * guards
    local many = beats * #groups
    local last = first + many - 1
    if many > MAX_TOGETHER then
      return false
    end
    local leasesKey, nowMs = keyOf(LEASES, tenant, ''), now(tenant)
    local stored = redis.call('HMGET', leasesKey, unpack(ARGV, first, last))
    local withData = string.find(groups, '1', 1, true)
    local storedData = withData and redis.call('HMGET', keyOf(LEASE_DATA, tenant, ''), unpack(ARGV, first, last))
    local dataPlace = last
    -- Filled with any names, so that the table has its final size: to grow it would cost more than to fill it.
    local renewals = { leasesKey, unpack(ARGV, last - 2 * many + 1, last) }
    for index = 1, many do
      local packed = stored[index]
      if not packed then
        return false
      end
      local oldDeadline, oldTtl, epoch, flag = unpackNumbers(LEASE_FORMAT, packed)
      local newTtl = ttl or oldTtl
      if oldDeadline <= nowMs or oldDeadline > nowMs + newTtl then
        return false
      end
      if withData and string.byte(groups, (index - 1) % #groups + 1) == 49 then
        dataPlace = dataPlace + 1
        if storedData[index] ~= ARGV[dataPlace] then
          return false
        end
      end
      renewals[2 * index] = ARGV[first + index - 1]
      renewals[2 * index + 1] = pack(LEASE_FORMAT, nowMs + newTtl, newTtl, epoch, flag)
    end
    redis.call('HSET', unpack(renewals))
    reply(beats .. ';r')
    if returning == 'revision' then
      replyRevisions(tenant, ARGV, first, last)
    end
    at = dataPlace + 1
  end
  return true
end
