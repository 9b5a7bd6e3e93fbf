-- Members of the sorted set of what is to be swept.
--@include shared/partition

local dueKey = prefix .. DUE
local DUE_GROUP = 'g'      -- leases of a group
local DUE_HOLDERS = 'h'    -- holders of leases that ended together
local DUE_TOPIC = 't'
local DUE_WATCHES = 'w'    -- watches of events
local DUE_DOCUMENT = 'd'   -- its name: '<length of the collection>:<collection><key>'

local function dueMember(kind, tenant, name)
  return kind .. #tenant .. ':' .. tenant .. name
end
