/** Explains who is present in a channel and since which request, and why a uuid is not present any more. */
import { spoken } from '../../../spoken.ts';
import type { Lease } from '../../../store/store.ts';
import {
  distinct,
  type Evidence,
  type Explanation,
  listed,
  type PastLease,
  type PastRequest,
  type UnknownName,
  type WhySubject,
} from '../../kit/explain.ts';
import type { PresenceContext } from '../context.ts';

/** Channels and uuids that one explanation describes. */
const maxDescribed = 20;
const maxKnown = 1_000;

/** The presence of one uuid in one channel. */
export interface PresenceSituation {
  readonly channel: string;
  readonly uuid: string;
  readonly lease: Pick<Lease, 'ttlMs' | 'remainingMs'> | null;
  /** Its newest beginning or end, if this node saw it. */
  readonly past?: (Pick<PastLease, 'type'> & { readonly agoMs: number }) | undefined;
  /** Its last request about the channel, if the journal has it. */
  readonly request?: Pick<PastRequest, 'entry' | 'at' | 'operation' | 'status' | 'node'> | undefined;
}

/** Returns the sentences about a uuid in a channel. Pure. */
export function explainPresence({ channel, uuid, lease, past, request }: PresenceSituation): string[] {
  const last =
    request === undefined
      ? []
      : [
          `The last request of ${uuid} about ${channel} is ${request.operation} of ${request.at}, replied to with ${request.status ?? 'nothing yet'} (journal entry ${request.entry}${request.node === undefined ? '' : ` of node ${request.node}`}).`,
        ];
  if (lease !== null) {
    const since = past?.type === 'granted' ? `, where it joined ${spoken(past.agoMs)} ago` : '';
    return [
      `${uuid} is present on ${channel}${since}: its last heartbeat or subscribe was ${spoken(lease.ttlMs - lease.remainingMs)} ago, and it times out in ${spoken(lease.remainingMs)} unless another arrives.`,
      ...last,
    ];
  }
  const how =
    past === undefined || past.type === 'granted'
      ? 'no lease of it is known'
      : past.type === 'expired'
        ? `it timed out ${spoken(past.agoMs)} ago, because no heartbeat or subscribe arrived within its timeout`
        : `it left ${spoken(past.agoMs)} ago`;
  return [`${uuid} is not present on ${channel}: ${how}.`, ...last];
}

/** Explains the channels of a subscribe key, one channel, or a uuid in its channels. */
export async function explain(
  context: PresenceContext,
  { tenant, group, holder }: WhySubject,
  evidence: Evidence,
): Promise<Explanation | UnknownName> {
  const { store } = context;
  if (holder === undefined)
    return group === undefined ? explainKey(context, tenant) : explainChannel(context, tenant, group);
  const { dateMs } = await store.readClock(tenant);
  const requests = evidence.requests({ tenant, holder });
  const past = evidence.leases({ tenant, holder });
  const present = await store.groupsOf({ tenant, holder });
  const channels =
    group === undefined ? distinct([...present, ...past.map((lease) => lease.group)]) : [group];
  const situations: PresenceSituation[] = [];
  for (const channel of channels.slice(0, maxDescribed)) {
    const lease = await store.read({ tenant, group: channel, holder });
    const newest = past.find((one) => one.group === channel);
    situations.push({
      channel,
      uuid: holder,
      lease,
      past:
        newest === undefined ? undefined : { type: newest.type, agoMs: Math.max(0, dateMs - newest.atMs) },
      request: requests.find((one) => one.group?.split(',').includes(channel)),
    });
  }
  const isKnown = situations.some(
    (one) => one.lease !== null || one.past !== undefined || one.request !== undefined,
  );
  if (!isKnown)
    return { unknown: 'uuid', name: holder, known: await uuidsOf(context, tenant, group, evidence) };
  return {
    sentences: [
      ...situations.flatMap(explainPresence),
      ...(present.length > 0 && group !== undefined && !present.includes(group)
        ? [`${holder} is present on ${listed(present.slice(0, maxDescribed))}.`]
        : []),
      ...situations.flatMap(({ channel }) => withoutPresence(context, channel)),
    ],
    facts: { tenant, uuid: holder, present, channels: situations },
  };
}

/** Why there are no occupants in a channel, whatever its clients send. */
function withoutPresence({ settings, presenceChannels }: PresenceContext, channel: string): string[] {
  if (!settings.presenceEnabled)
    return ['Presence is turned off: PRESENCE_ENABLED=false, so heartbeats make nobody present.'];
  if (presenceChannels?.(channel) === false)
    return [`PRESENCE_CHANNELS does not select ${channel}: heartbeats make nobody present there.`];
  return [];
}

async function explainKey({ store }: PresenceContext, tenant: string): Promise<Explanation> {
  const channels = await store.groups({ tenant, limit: maxDescribed });
  const counts = await store.count({ tenant, groups: channels });
  return {
    sentences:
      channels.length === 0
        ? [`No uuid is present in any channel of ${tenant}.`]
        : channels.map((channel, at) => `${channel} has ${occupants(counts[at] ?? 0)}.`),
    facts: { tenant, channels: channels.map((channel, at) => ({ channel, occupancy: counts[at] ?? 0 })) },
  };
}

const occupants = (count: number): string => `${count} ${count === 1 ? 'occupant' : 'occupants'}`;

async function explainChannel(
  context: PresenceContext,
  tenant: string,
  channel: string,
): Promise<Explanation | UnknownName> {
  const { store, settings } = context;
  const { count, leases } = await store.members({ tenant, group: channel, offset: 0, limit: maxDescribed });
  const off = withoutPresence(context, channel);
  if (count === 0 && off.length === 0) {
    const known = await store.groups({ tenant, limit: maxKnown });
    return { unknown: 'channel with occupants', name: channel, known };
  }
  const { presenceAnnounceMax, presenceIntervalSeconds } = settings;
  const events =
    count > presenceAnnounceMax
      ? `its events are summed up every ${presenceIntervalSeconds} s, because it has more than ${presenceAnnounceMax}`
      : 'each join, leave and timeout is announced';
  return {
    sentences: [
      `${channel} has ${occupants(count)}: ${events}.`,
      ...off,
      ...leases.flatMap((lease) => explainPresence({ channel, uuid: lease.holder, lease })),
    ],
    facts: { tenant, channel, occupancy: count, occupants: leases },
  };
}

async function uuidsOf(
  { store }: PresenceContext,
  tenant: string,
  group: string | undefined,
  evidence: Evidence,
): Promise<string[]> {
  const channels = group === undefined ? await store.groups({ tenant, limit: maxDescribed }) : [group];
  const pages = await Promise.all(
    channels.map((channel) => store.members({ tenant, group: channel, offset: 0, limit: maxKnown })),
  );
  const present = pages.flatMap(({ leases }) => leases.map(({ holder }) => holder));
  return distinct([...present, ...evidence.leases({ tenant, group }).map(({ holder }) => holder)]);
}
