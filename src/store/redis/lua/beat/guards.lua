-- The guards of a run of beats. Beats on one group have the same list of guards, and a run has each list once.
--
-- A list is '<number of guards>;' and for each guard the names of its collection and its key (nameOf) and '<version>;'. It is one
-- argument for all lists, and looked into only if one of their collections changed since the node saw all of them hold.
--@include membership/layout
--@include shared/versions
--@include shared/changes

-- What the guards of a run mean for the caller.
local GUARDS_UNCHANGED = '='
local GUARDS_HOLD = '+'
local GUARDS_TIMED = '-'

-- Returns the guards of all lists as `failedGuards` takes them, and for each list the number of its first guard; the last number is
-- that of the guard which would come next.
local function unpackGuards(text)
  local guards, firsts, at = {}, { 1 }, 1
  while at <= #text do
    local semicolon = string.find(text, ';', at, true)
    local many = tonumber(string.sub(text, at, semicolon - 1))
    at = semicolon + 1
    for _ = 1, many do
      local next = #guards + 1
      guards[next], at = groupAt(text, at)
      guards[next + 1], at = groupAt(text, at)
      semicolon = string.find(text, ';', at, true)
      guards[next + 2] = string.sub(text, at, semicolon - 1)
      at = semicolon + 1
    end
    firsts[#firsts + 1] = #guards / 3 + 1
  end
  return guards, firsts
end

-- Returns the last changes of the collections that ARGV names from `at` on, if any of them is not the one that is beside the name.
local function changesOf(tenant, at, many)
  local fields = {}
  for index = 1, many do
    fields[index] = OF_COLLECTION .. ARGV[at + 2 * index - 2]
  end
  local changes, areSame = redis.call('HMGET', keyOf(CHANGES, tenant, ''), unpack(fields)), true
  for index = 1, many do
    areSame = areSame and changes[index] == ARGV[at + 2 * index - 1]
    changes[index] = changes[index] or ''
  end
  return not areSame and changes
end

-- Checks the guards of a run, which are in ARGV from `at` on. Returns what to reply of them, and the numbers of the lists that do not
-- hold; nothing if all do.
local function checkGuards(tenant, at, collections)
  local changes = changesOf(tenant, at + 2, collections)
  if not changes then
    return GUARDS_UNCHANGED
  end
  local guards, firsts = unpackGuards(ARGV[at])
  local failed, isTimed = failedGuards(tenant, guards, 1, #guards / 3)
  if not failed then
    return isTimed and GUARDS_TIMED or GUARDS_HOLD .. table.concat(changes, ';') .. ';'
  end
  local stale = {}
  for list = 1, #firsts - 1 do
    for guard = firsts[list], firsts[list + 1] - 1 do
      stale[list] = stale[list] or failed[guard]
    end
  end
  return GUARDS_TIMED, stale
end
