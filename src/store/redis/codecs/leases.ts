/** Commands on leases, apart from beats, as the scripts in `lua/leases` take and reply to them. */
import type { CommandName } from '../../commands.ts';
import { TenantFull } from '../../driver.ts';
import type { Lease, Members } from '../../leases.ts';
import type { Reply } from '../scripts.ts';
import { type Codec, list, number, text } from './codec.ts';

type LeaseCommand = Extract<
  CommandName,
  'release' | 'setData' | 'read' | 'members' | 'count' | 'groups' | 'groupsOf'
>;

/** `fields`: remaining ms, TTL, epoch, data or null. */
function leaseOf(group: string, holder: string, fields: readonly Reply[]): Lease {
  const [remainingMs, ttlMs, epoch, data = null] = fields;
  return {
    group,
    holder,
    remainingMs: number(remainingMs),
    ttlMs: number(ttlMs),
    epoch: number(epoch),
    data: data === null ? null : text(data),
  };
}

export const leases: { readonly [N in LeaseCommand]: Codec<N> } = {
  release: {
    changesLeases: true,
    encode({ tenant, holder, groups, asExpired }, to) {
      const type = asExpired === true ? 'expired' : 'released';
      to.push(tenant, holder, type, groups?.length ?? -1, ...(groups ?? []));
    },
    decode: (reply) => list(reply).map(text),
  },
  setData: {
    changesLeases: true,
    encode({ tenant, group, holder, data, emitEvent }, to) {
      to.push(tenant, group, holder, data === null ? '0' : '1', data ?? '', emitEvent === false ? '0' : '1');
    },
    refusal: (reply, { tenant }) => (number(reply) === 3 ? new TenantFull(tenant) : undefined),
    decode: (reply) => ({ live: number(reply) > 0, changed: number(reply) === 2 }),
  },
  read: {
    encode({ tenant, group, holder }, to) {
      to.push(tenant, group, holder);
    },
    decode(reply, { group, holder }) {
      if (reply === null) return null;
      return leaseOf(group, holder, list(reply));
    },
  },
  members: {
    encode({ tenant, group, offset, limit }, to) {
      to.push(tenant, group, offset, limit);
    },
    decode(reply, { group }): Members {
      const [count, revision, ...fields] = list(reply);
      const leases: Lease[] = [];
      for (let at = 0; at < fields.length; at += 5) {
        leases.push(leaseOf(group, text(fields[at]), fields.slice(at + 1, at + 5)));
      }
      return { count: number(count), revision: number(revision), leases };
    },
  },
  count: {
    encode({ tenant, groups }, to) {
      to.push(tenant, groups.length, ...groups);
    },
    decode: (reply) => list(reply).map(number),
  },
  groups: {
    encode({ tenant, after, limit }, to) {
      to.push(tenant, after === undefined ? '0' : '1', after ?? '', limit);
    },
    decode: (reply) => list(reply).map(text),
  },
  groupsOf: {
    encode({ tenant, holder }, to) {
      to.push(tenant, holder);
    },
    decode: (reply) => list(reply).map(text).sort(),
  },
};
