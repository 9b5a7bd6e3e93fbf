/** SLS clients: consumers that hold and release shards as the vendor's libraries do, and a producer of logs. */
import type { Random } from '../../random.ts';
import { type Bench, type Exchange, isUnavailable, parse, ttlMs } from './bench.ts';

const host = 'chaos.cn-hangzhou.log.aliyuncs.com';
const logstore = '/logstores/logs';
const group = 'cg';
export const slsGroup = `${logstore}/consumergroups/${group}`;
const groupName = 'logs/cg';
export const logTopic = 'logs';
export const shardCount = 12;
const beatMs = 2_000;

export interface Consumer {
  /** The shards that it consumes; undefined: it does not run. */
  holds(): readonly number[] | undefined;
}

/** Sends a request to the project of the run. */
export function callSls(
  bench: Bench,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<Exchange> {
  const date = new Date().toUTCString();
  return bench.send({ method, path, headers: { host, date }, body });
}

/** Creates the project, the logstore and the consumer group. Rejects if the server refuses. */
export async function setUpSls(bench: Bench): Promise<void> {
  const calls = [
    ['/', { projectName: 'chaos', description: '' }],
    ['/logstores', { logstoreName: 'logs', ttl: 1, shardCount }],
    [`${logstore}/consumergroups`, { consumerGroup: group, timeout: ttlMs.sls / 1_000, order: false }],
  ] as const;
  for (const [path, body] of calls) {
    await createSls(bench, path, body);
  }
}

/** Creates something, again and again while the server is busy with its start. Rejects if the server refuses. */
export async function createSls(bench: Bench, path: string, body: unknown): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const reply = await callSls(bench, 'POST', path, body);
    const { status, text } = reply;
    // A request without a reply may have been the one that created it.
    if (status === 200 || (tries > 0 && text.includes('AlreadyExist'))) return;
    if (!isUnavailable(reply) || tries === setUpTries) throw new Error(`POST ${path}: ${status} ${text}`);
    await bench.pause(500);
  }
}

const setUpTries = 40;

/** Runs a consumer until the run stops. Its first heartbeat comes after a pause. */
export function runConsumer(
  bench: Bench,
  { consumer, afterMs }: { readonly consumer: string; readonly afterMs: number },
): Consumer & { readonly ended: Promise<void> } {
  const random = bench.random.fork(consumer);
  const lease = `sls ${groupName} ${consumer}`;
  /** Held shards, and when a shard that has to go will be shut down. */
  const held = new Map<number, { closedMs: number }>();
  let dropped: number[] = [];
  let lastGoodMs = bench.now();
  let isRunning = false;
  let saved = 0;

  const drop = (): void => {
    dropped.push(...held.keys());
    held.clear();
  };
  const apply = (shards: readonly number[], atMs: number): void => {
    lastGoodMs = atMs;
    for (const [shard, state] of held) {
      const isWanted = shards.includes(shard);
      if (!isWanted && state.closedMs === Number.POSITIVE_INFINITY)
        state.closedMs = atMs + random.below(1_500);
    }
    for (const shard of shards) if (!held.has(shard)) held.set(shard, { closedMs: Number.POSITIVE_INFINITY });
  };
  const beat = async (): Promise<void> => {
    const startMs = bench.now();
    // As the libraries: after a timeout without a good heartbeat the shards may belong to another consumer.
    if (startMs - lastGoodMs > ttlMs.sls) drop();
    for (const [shard, { closedMs }] of held)
      if (closedMs <= startMs) {
        held.delete(shard);
        dropped.push(shard);
      }
    const shards = [...held.keys()];
    if (dropped.length > 0)
      bench.record({ kind: 'release', group: groupName, consumer, shards: dropped, sentMs: startMs });
    dropped = [];
    const reply = await callSls(bench, 'POST', `${slsGroup}?type=heartbeat&consumer=${consumer}`, shards);
    const { sentMs, doneMs, status, text } = reply;
    const isAcknowledged = status === 200;
    const canGrant = shards.length === 0;
    const code = parse<{ errorCode?: string }>(text)?.errorCode;
    if (code === 'NotExistConsumerWithBody') {
      bench.record({ kind: 'sighting', lease, isLive: false, sentMs, doneMs });
      drop();
      return;
    }
    bench.record({ kind: 'renewal', lease, ttlMs: ttlMs.sls, canGrant, isAcknowledged, sentMs, doneMs });
    if (!isAcknowledged) {
      if (!isUnavailable(reply)) bench.wonder(`heartbeat of ${consumer}: ${status} ${text}`);
      return;
    }
    const owned = parse<number[]>(text) ?? [];
    bench.record({ kind: 'assignment', group: groupName, consumer, lease, shards: owned, sentMs, doneMs });
    apply(owned, sentMs);
  };
  const checkpoint = async (): Promise<void> => {
    const consumed = [...held].filter(([, { closedMs }]) => closedMs === Number.POSITIVE_INFINITY);
    if (consumed.length === 0) return;
    const [shard] = random.pick(consumed);
    saved += 1;
    const value = Buffer.from(`${consumer}-${saved}`).toString('base64');
    const path = `${slsGroup}?type=checkpoint&consumer=${consumer}&forceSuccess=false`;
    const reply = await callSls(bench, 'POST', path, { shard, checkpoint: value });
    const { sentMs, doneMs, status, text } = reply;
    const isAcknowledged = status === 200;
    bench.record({ kind: 'save', register: `checkpoint ${shard}`, value, isAcknowledged, sentMs, doneMs });
    const code = parse<{ errorCode?: string }>(text)?.errorCode ?? '';
    const isRefused = code === 'ConsumerNotMatch' || code === 'ConsumerNotExist';
    if (!isAcknowledged && !isRefused && !isUnavailable(reply))
      bench.wonder(`checkpoint of ${consumer}: ${status} ${text}`);
  };
  const step = async (): Promise<void> => {
    isRunning = true;
    await beat();
    if (random.chance(0.5)) await checkpoint();
    if (bench.isQuiet || !random.chance(0.06)) return;
    isRunning = false;
    // It is killed and starts anew, or is paused and goes on with what it had.
    const isKilled = random.chance(0.5);
    await quietPause(bench, random.chance(0.3) ? 100 : random.between(2_000, 9_000));
    if (isKilled) drop();
  };
  return {
    holds: () => (isRunning ? [...held.keys()].sort((a, b) => a - b) : undefined),
    ended: bench.pause(afterMs).then(() => bench.repeat(beatMs, random, step)),
  };
}

/** Pauses, but not into a quiet time. */
async function quietPause(bench: Bench, ms: number): Promise<void> {
  const untilMs = bench.now() + ms;
  while (bench.now() < untilMs && !bench.isQuiet && !bench.stopped.aborted) await bench.pause(100);
}

/** Writes numbered logs until the run stops. */
export function runProducer(bench: Bench): Promise<void> {
  const random: Random = bench.random.fork('producer');
  let next = 0;
  return bench.repeat(400, random, async () => {
    if (bench.isSilent) return;
    next += 1;
    const id = `log-${next}`;
    const reply = await callSls(bench, 'POST', logstore, { __logs__: [{ id }] });
    const { sentMs, doneMs, status, text } = reply;
    bench.record({
      kind: 'publication',
      topic: logTopic,
      id,
      isAcknowledged: status === 200,
      sentMs,
      doneMs,
    });
    if (status !== 200 && !isUnavailable(reply)) bench.wonder(`logs: ${status} ${text}`);
  });
}
