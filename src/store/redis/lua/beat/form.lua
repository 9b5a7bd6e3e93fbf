-- The form of a run of beats: all of them but names and data.

local function formOf(text)
  local ttl, default, grant, returning, collections, groups = string.match(text, '^(%d*),(%d+),([01]),(%l+),(%d+),(.*)$')
  local form = {
    ttl = tonumber(ttl),
    default = tonumber(default),
    grant = grant == '1' and groups ~= '*',
    returnsAll = returning == 'all',
    returnsData = returning == 'data' or returning == 'known',
    returnsRevision = returning == 'revision',
    -- How much of what is in the place of names is before them.
    shift = returning == 'known' and VERSION_BYTES or 0,
    collections = tonumber(collections),
    held = groups == '*',
    -- The group is in the place of names.
    isSingle = #groups == 1,
    -- How many groups of each beat come with data.
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

-- Returns which beats of a run have a guard that does not hold, by number; nothing if all hold. `stale`: the lists of guards that do not
-- hold. `lists`: the number of the list of each beat, with ',' after it; nothing if there is only one.
local function staleBeats(stale, lists, beats)
  if not stale then
    return
  end
  local found = {}
  if lists == '' then
    for beat = 1, beats do
      found[beat] = stale[1]
    end
  end
  for list in string.gmatch(lists, '%d+') do
    found[#found + 1] = stale[tonumber(list)] or false
  end
  return found
end
