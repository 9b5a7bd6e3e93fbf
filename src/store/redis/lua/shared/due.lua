-- Shared: what is to be swept, and when.
--
-- due                ZSET '<kind><tenant><name>' -> lower bound of the earliest deadline in there
--@include shared/partition

local dueKey = prefix .. 'due'

local function dueMember(kind, tenant, name)
  return kind .. #tenant .. ':' .. tenant .. name
end
