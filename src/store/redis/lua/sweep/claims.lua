-- Claims of sweeps: an advance sweeps alone what it makes due, so that the node which advances gets all of its events.
--
-- A field of CLAIMS is the name of a tenant that has a separate clock, or '' for all tenants without a claim. Its value is
-- '<end, wall ms>;<owner>'.
--@include shared/partition

local function claimParts(claim)
  local untilMs, owner = string.match(claim, '^(%d+);(.*)$')
  return tonumber(untilMs), owner
end

-- Claims for so many ms, also what another owner has; 0 ends the owner's claim.
local function claimSweep(name, owner, forMs)
  local key = prefix .. CLAIMS
  if forMs > 0 then
    redis.call('HSET', key, name, digits(wallMs + forMs) .. ';' .. owner)
    return
  end
  local claim = redis.call('HGET', key, name)
  local _, holder = claimParts(claim or '')
  if holder == owner then
    redis.call('HDEL', key, name)
  end
end

-- Returns what others have claimed, and what an owner has, each by name. Claims that are over are removed.
local function readClaims(owner)
  local others, own = {}, {}
  local claims = redis.call('HGETALL', prefix .. CLAIMS)
  for at = 1, #claims, 2 do
    local untilMs, holder = claimParts(claims[at + 1])
    if untilMs <= wallMs then
      redis.call('HDEL', prefix .. CLAIMS, claims[at])
    elseif holder == owner then
      own[claims[at]] = true
    else
      others[claims[at]] = true
    end
  end
  return others, own
end
