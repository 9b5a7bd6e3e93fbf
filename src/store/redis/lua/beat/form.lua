-- The form of a run of beats: all of them but names and data.

local function formOf(text)
  local ttl, default, grant, returning, guards, atEnd, groups =
    string.match(text, '^(%d*),(%d+),([01]),(%l+),(%d+),(%d+),(.*)$')
  local form = {
    ttl = tonumber(ttl),
    default = tonumber(default),
    grant = grant == '1' and groups ~= '*',
    returning = returning,
    guards = tonumber(guards),
    atEnd = tonumber(atEnd),
    held = groups == '*',
    -- Groups of each beat, and how many of them come with data.
    count = #groups,
    dataCount = 0,
  }
  if not form.held and string.find(groups, '1', 1, true) then
    form.withData = {}
    for index = 1, #groups do
      form.withData[index] = string.byte(groups, index) == 49
      form.dataCount = form.dataCount + (form.withData[index] and 1 or 0)
    end
  end
  return form
end

-- Returns which beats of a run have a guard that does not hold, by number; nothing if all hold. Which beat has which guards is in ARGV
-- at a position, before the guards.
local function staleBeats(tenant, at, guards, beats)
  local failed = failedGuards(tenant, at + 1, guards)
  if not failed then
    return
  end
  local stale, beat = {}, 0
  if ARGV[at] == '' then
    for index = 1, beats do
      stale[index] = true
    end
    return stale
  end
  for numbers in string.gmatch(ARGV[at], '([^;]*);') do
    beat = beat + 1
    for number in string.gmatch(numbers, '%d+') do
      stale[beat] = stale[beat] or failed[tonumber(number)]
    end
  end
  return stale
end
