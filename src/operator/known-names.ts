/** Refuses requests that name a protocol that does not exist, which would find nothing. */
import type { FastifyRequest } from 'fastify';
import { OperatorRefusal } from '../protocols/kit/operator/refusal.ts';
import { describeUnknown } from '../settings/nearest.ts';

/** Members of bodies that select requests, events or leases: one selector, or several. */
const selectorMembers = ['match', 'until', 'beating', 'sequence'];
const maxQuoted = 100;
/** Protocol of what was refused before it was a request of a protocol. */
export const noProtocol = 'none';

/** Returns a hook that throws OperatorRefusal 400 for an unknown protocol, by itself or in the name of a tenant, in a query, a body or a selector. */
export function checkProtocols(protocols: readonly string[]): (request: FastifyRequest) => Promise<void> {
  const known = [...protocols, noProtocol];
  const check = (where: string, named: Members): void => {
    const { protocol, tenant } = named;
    if (isName(protocol) && !known.includes(protocol))
      throw new OperatorRefusal(400, `${where}protocol: ${describeUnknown(protocol, protocols)}`);
    if (!isName(tenant)) return;
    const [space = '', ...rest] = tenant.split('/');
    if (rest.length === 0)
      throw new OperatorRefusal(
        400,
        `${where}tenant: ${JSON.stringify(tenant.slice(0, maxQuoted))} names no protocol; write it as <protocol>/<name>, with one of ${protocols.join(', ')}`,
      );
    if (!known.includes(space))
      throw new OperatorRefusal(400, `${where}tenant: ${describeUnknown(space, protocols)}`);
  };
  return async ({ query, body }) => {
    for (const given of [query, ...asList(body)]) {
      const members = membersOf(given);
      check('', members);
      for (const name of selectorMembers)
        for (const selector of asList(members[name])) check(`${name}.`, membersOf(selector));
    }
  };
}

type Members = Readonly<Record<string, unknown>>;

/** Whether it is text that stands for itself. */
const isName = (value: unknown): value is string => typeof value === 'string' && !value.includes('*');
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {};
