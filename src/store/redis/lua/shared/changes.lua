-- When parts of a tenant's data last changed, as numbers of the sequence: what was true at the same number is true still, so that a
-- batch of beats need not read it again.
--
-- Fields of CHANGES:
--   'd' and a collection   the last change of its documents; absent: it has none. To be due is no change
--   'r'                    the last revision of any group; absent: there are no groups
--@include shared/partition

local LAST_REVISION = 'r'
local OF_COLLECTION = 'd'
