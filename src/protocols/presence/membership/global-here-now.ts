/** Global here now: the occupants of every occupied channel of a keyset. Source: REST API pages. */
import type { Store, Tenant } from '../../../store/store.ts';
import { demandReadAll } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { commonErrors, type PresenceOperation, permissionErrors, tenantSubject } from '../wire/operation.ts';
import { ChannelsReply, hereNowQuery, occupancyOfAll, parseListing } from './occupancy.ts';
import { presenceCall, presenceReply } from './presence-service.ts';

/** Channels in one reply; more are left out, of the totals too. The server's own limit: the documentation gives none. */
const maxChannels = 10_000;
const pageSize = 500;

export function globalHereNow({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'GlobalHereNow',
    summary: 'Lists the occupants of all channels of a keyset',
    ...presenceCall(''),
    schema: { query: hereNowQuery, replies: { 200: ChannelsReply } },
    errors: [
      ...commonErrors,
      ...permissionErrors,
      'notTurnedOn',
      'invalidLimit',
      'invalidOffset',
      'tooManyUuids',
    ],
    subject: tenantSubject,
    demand: demandReadAll,
    async run(call) {
      const { tenant, query } = call;
      const listing = parseListing(query);
      const payload = await occupancyOfAll(store, tenant, await occupiedChannels(store, tenant), listing);
      return presenceReply(call, { payload });
    },
  };
}

async function occupiedChannels(store: Store, tenant: Tenant): Promise<readonly string[]> {
  const channels: string[] = [];
  while (channels.length < maxChannels) {
    const after = channels.at(-1);
    const next = await store.groups({ tenant, limit: pageSize, ...(after === undefined ? {} : { after }) });
    channels.push(...next);
    if (next.length < pageSize) break;
  }
  return channels;
}
