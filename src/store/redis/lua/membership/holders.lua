-- The leases of a holder.
--@include membership/leases

-- Appends the fields of all leases of a holder. `held`: its value in HOLDERS.
local function addFields(fields, tenant, holder, held)
  if held == '+' then
    local groups = redis.call('SMEMBERS', keyOf(HOLDER_GROUPS, tenant, holder))
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
  addFields(fields, tenant, holder, redis.call('HGET', keyOf(HOLDERS, tenant, ''), holder))
  return fields
end
