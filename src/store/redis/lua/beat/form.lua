-- The form of a run of beats: all of them but names and data.

local function formOf(text)
  local ttl, default, grant, returning, guards, groups = string.match(text, '^(%d*),(%d+),([01]),(%l+),(%d+),(.*)$')
  local form = {
    ttl = tonumber(ttl),
    default = tonumber(default),
    grant = grant == '1' and groups ~= '*',
    returning = returning,
    guards = tonumber(guards),
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
