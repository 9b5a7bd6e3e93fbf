/** Presence clients: uuids that come and go, subscribers, publishers, and readers of who is there. */
import { type Bench, isUnavailable, parse, ttlMs } from './bench.ts';

export const channels = ['red', 'green', 'blue'] as const;
export type Channel = (typeof channels)[number];

const presence = '/v2/presence/sub-key/demo';
const beatMs = 2_000;
/** The server holds a subscribe for five seconds (`PRESENCE_HOLD_SECONDS`). */
const pollTimeoutMs = 8_000;
/** A reader asks about uuids that were there lately. */
const remembered = 40;

export const leaseOf = (channel: string, uuid: string): string => `presence ${channel} ${uuid}`;

export interface Occupant {
  readonly channel: Channel;
  /** Names that it has had, the newest last. */
  readonly uuids: readonly string[];
  /** The uuid that it keeps alive; undefined: none. */
  kept(): string | undefined;
}

/** Runs one place of a channel: a uuid joins, sends heartbeats, and leaves or falls silent; then another one comes. */
export function runOccupant(
  bench: Bench,
  { name, channel }: { readonly name: string; readonly channel: Channel },
): Occupant & { readonly ended: Promise<void> } {
  const random = bench.random.fork(name);
  const uuids: string[] = [];
  let kept: string | undefined;
  const beat = async (uuid: string): Promise<void> => {
    const path = `${presence}/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=${ttlMs.presence / 1_000}`;
    const reply = await bench.send({ method: 'GET', path });
    const { sentMs, doneMs, status, text } = reply;
    const lease = leaseOf(channel, uuid);
    const isAcknowledged = status === 200;
    bench.record({
      kind: 'renewal',
      lease,
      ttlMs: ttlMs.presence,
      canGrant: true,
      isAcknowledged,
      sentMs,
      doneMs,
    });
    if (!isAcknowledged && !isUnavailable(reply)) bench.wonder(`heartbeat of ${uuid}: ${status} ${text}`);
  };
  const leave = async (uuid: string): Promise<void> => {
    for (let tries = 0; tries < 3 && !bench.stopped.aborted; tries += 1) {
      const reply = await bench.send({
        method: 'GET',
        path: `${presence}/channel/${channel}/leave?uuid=${uuid}`,
      });
      const { sentMs, doneMs, status, text } = reply;
      const isAcknowledged = status === 200;
      bench.record({ kind: 'ending', lease: leaseOf(channel, uuid), isAcknowledged, sentMs, doneMs });
      if (isAcknowledged) return;
      if (!isUnavailable(reply)) bench.wonder(`leave of ${uuid}: ${status} ${text}`);
    }
  };
  const live = async (): Promise<void> => {
    const uuid = `${name}-${uuids.length + 1}`;
    uuids.push(uuid);
    kept = uuid;
    for (let beats = random.between(1, 8); beats > 0 || bench.isQuiet; beats -= 1) {
      if (bench.stopped.aborted) return;
      await beat(uuid);
      await bench.pause(beatMs * (0.67 + random.below(67) / 100));
    }
    kept = undefined;
    if (random.chance(0.4)) await leave(uuid);
  };
  const ended = (async (): Promise<void> => {
    while (!bench.stopped.aborted) {
      if (!bench.isQuiet) await live();
      await bench.pause(random.between(200, 2_000));
    }
  })();
  return { channel, uuids, kept: () => kept, ended };
}

interface PollReply {
  readonly t: { readonly t: string };
  readonly m: readonly { readonly c: string; readonly d: unknown; readonly p: { readonly t: string } }[];
}

interface PresenceEvent {
  readonly action: 'join' | 'leave' | 'timeout' | 'state-change' | 'interval';
  readonly uuid: string;
  readonly occupancy: number;
  readonly precise_timestamp: number;
}

export interface SubscriberOptions {
  readonly reader: string;
  /** Whether the clocks that record events are the harness's own, so that their timestamps can be compared. */
  readonly hasTrueClock: () => boolean;
}

/** Subscribes to all channels, and resolves once it is told where it begins; runs until the run stops. */
export async function runSubscriber(
  bench: Bench,
  { reader, hasTrueClock }: SubscriberOptions,
): Promise<{ readonly ended: Promise<void> }> {
  const names = channels.flatMap((channel) => [channel, `${channel}-pnpres`]).join(',');
  let tt = '0';
  const poll = async (): Promise<void> => {
    const path = `/v2/subscribe/demo/${names}/0?tt=${tt}`;
    const reply = await bench.send({ method: 'GET', path, timeoutMs: pollTimeoutMs });
    if (reply.status !== 200) {
      if (!isUnavailable(reply)) bench.wonder(`subscribe of ${reader}: ${reply.status} ${reply.text}`);
      await bench.pause(200);
      return;
    }
    const body = parse<PollReply>(reply.text);
    if (body === undefined) return bench.wonder(`subscribe of ${reader}: ${reply.text}`);
    for (const { c, d } of body.m) receive(bench, { reader, hasTrueClock }, c, d);
    if (BigInt(body.t.t) < BigInt(tt))
      bench.wonder(`subscribe of ${reader}: timetoken ${body.t.t} after ${tt}`);
    tt = body.t.t;
  };
  while (tt === '0' && !bench.stopped.aborted) await poll();
  const ended = (async (): Promise<void> => {
    while (!bench.stopped.aborted) await poll();
  })();
  return { ended };
}

function receive(
  bench: Bench,
  { reader, hasTrueClock }: SubscriberOptions,
  channel: string,
  data: unknown,
): void {
  const atMs = bench.now();
  if (!channel.endsWith('-pnpres')) {
    bench.record({ kind: 'receipt', reader, topic: channel, id: String(data), atMs });
    return;
  }
  const { action, uuid, occupancy, precise_timestamp: wallMs } = data as PresenceEvent;
  const name = channel.slice(0, -'-pnpres'.length);
  if (action !== 'join' && action !== 'leave' && action !== 'timeout') {
    bench.wonder(`event ${action} on ${channel}`);
    return;
  }
  const happenedMs = hasTrueClock() ? wallMs - performance.timeOrigin : null;
  const lease = leaseOf(name, uuid);
  bench.record({ kind: 'lease event', reader, channel: name, lease, action, occupancy, happenedMs, atMs });
}

/** Publishes numbered messages on all channels until the run stops. */
export function runPublisher(bench: Bench): Promise<void> {
  const random = bench.random.fork('publisher');
  let next = 0;
  return bench.repeat(150, random, async () => {
    if (bench.isSilent) return;
    next += 1;
    const id = `message-${next}`;
    const topic = random.pick(channels);
    const reply = await bench.send({ method: 'GET', path: `/publish/demo/demo/0/${topic}/0/%22${id}%22` });
    const { sentMs, doneMs, status, text } = reply;
    bench.record({ kind: 'publication', topic, id, isAcknowledged: status === 200, sentMs, doneMs });
    if (status !== 200 && !isUnavailable(reply)) bench.wonder(`publish: ${status} ${text}`);
  });
}

/** Who is on a channel, as a node says. */
export interface HereNow {
  readonly sentMs: number;
  readonly doneMs: number;
  readonly occupancy: number;
  readonly uuids: readonly string[];
}

/** Reads who is on a channel; undefined: the server did not say. */
export async function hereNow(bench: Bench, channel: Channel, node?: number): Promise<HereNow | undefined> {
  const path = `${presence}/channel/${channel}`;
  const reply = await bench.send({ method: 'GET', path, ...(node === undefined ? {} : { node }) });
  const { sentMs, doneMs, status, text } = reply;
  const body = parse<{ occupancy: number; uuids: string[] }>(text);
  if (status !== 200 || body === undefined) {
    if (!isUnavailable(reply)) bench.wonder(`here now: ${status} ${text}`);
    return undefined;
  }
  return { sentMs, doneMs, ...body };
}

/** Reads who is there, again and again, until the run stops. */
export function runReader(bench: Bench, occupants: readonly Occupant[]): Promise<void> {
  const random = bench.random.fork('reader');
  return bench.repeat(400, random, async () => {
    const channel = random.pick(channels);
    const read = await hereNow(bench, channel);
    if (read === undefined) return;
    const { sentMs, doneMs } = read;
    const known = occupants
      .filter((one) => one.channel === channel)
      .flatMap(({ uuids }) => uuids.slice(-remembered));
    for (const uuid of new Set([...read.uuids, ...known]))
      bench.record({
        kind: 'sighting',
        lease: leaseOf(channel, uuid),
        isLive: read.uuids.includes(uuid),
        sentMs,
        doneMs,
      });
  });
}
