/** What Presence calls did, for people who read the journal. */
import { type Meaning, memberOf, type ReadExchange, type Reader } from '../kit/reader.ts';

/** The actions of presence events, without those that sum up an interval: an interval ends later, and on every node. */
const eventTypes = {
  granted: 'presence.join',
  released: 'presence.leave',
  expired: 'presence.timeout',
  changed: 'presence.state',
} as const;

/** All types of events of Presence. */
export const presenceEventTypes = [...Object.values(eventTypes), 'presence.interval'] as const;

export const presenceReader: Reader = { meaning, eventOf: (type) => eventTypes[type] };

/** Operations that make or keep their uuid present in the channels of their path. */
const beating: ReadonlySet<string> = new Set(['Heartbeat', 'Subscribe', 'SubscribeV1']);

function meaning({ operation, subject, reply, leases }: ReadExchange): Meaning | undefined {
  if (reply.status >= 400)
    return { refused: memberOf(reply.body, 'message') ?? memberOf(reply.body, 'error') };
  const changed = (type: string): readonly string[] =>
    leases.filter((lease) => lease.type === type).map(({ group }) => group);
  const joined = changed('lease.granted');
  if (operation === 'Leave') return { left: changed('lease.released') };
  // A subscribe may not renew; only its joins are certain.
  if (operation !== 'Heartbeat') return beating.has(operation) && joined.length > 0 ? { joined } : undefined;
  const channels = (subject.group ?? '')
    .split(',')
    .filter((channel) => channel !== '' && !channel.endsWith('-pnpres'));
  return { renewed: channels.filter((channel) => !joined.includes(channel)), joined };
}
