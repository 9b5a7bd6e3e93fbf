-- Shared: what a holder has.
--
-- h<tenant>          HASH holder -> '=' and the field of its lease less the holder, or '+' if it has several
-- H<tenant><holder>  SET of the holder's groups where it has several
-- +<tenant>          SET of the holders that have several: where there are none, nobody need be asked
--@include membership/leases

-- Adds the fields of all leases of a holder, of which the index says `held`.
local function addFields(fields, tenant, holder, held)
  if held == '+' then
    local groups = redis.call('SMEMBERS', keyOf('H', tenant, holder))
    table.sort(groups)
    for _, group in ipairs(groups) do
      fields[#fields + 1] = headOf(group) .. holder
    end
  elseif held then
    fields[#fields + 1] = string.sub(held, 2) .. holder
  end
end

local function fieldsHeld(tenant, holder)
  local fields = {}
  addFields(fields, tenant, holder, redis.call('HGET', keyOf('h', tenant, ''), holder))
  return fields
end
