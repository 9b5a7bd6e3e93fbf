/**
 * Presence at length: heartbeats on many channels at once, joins, and one message to many waiting subscribers; over the
 * embedded store and over Redis, as ratios beside a route of the same app that does nothing. Writes bench/results/presence.json.
 *
 * `npm run bench:presence [-- --rounds 5 --seconds 4 --subscribers 10000 --storm-seconds 5]`
 */
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { startRedis } from '../test/redis-server.ts';
import { load, requireTools, type Sample } from './shared/load.ts';
import { pinBesideLoad, startServer, stopServers } from './shared/processes.ts';
import {
  type Machine,
  machine,
  median,
  quantile,
  type Spread,
  spreadOf,
  writeResult,
} from './shared/results.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    subscribers: { type: 'string', default: '10000' },
    'storm-seconds': { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const subscribers = Number(values.subscribers);
/** All into one channel, as fast as they are answered; fewer are no storm. */
const stormJoinsPerSecond = 10_000;
const stormSeconds = Number(values['storm-seconds']);
const key = 'sub-c-bench';

const heartbeats = (root: string, channels: number): { method: 'GET'; path: string }[] =>
  Array.from({ length: 500 }, (_, at) => {
    const names = Array.from({ length: channels }, (_, index) => `ch-${(at * 7 + index) % 500}`).join(',');
    return { method: 'GET', path: `${root}/sub-key/${key}/channel/${names}/heartbeat?uuid=user-${at}` };
  });

/** Somebody new with every request. */
const joins = (root: string, round: string): string => `
local at = 0
function request()
  at = at + 1
  return wrk.format("GET", "${root}/sub-key/${key}-${round}/channel/lobby/heartbeat?uuid=user-" .. at)
end
`;

const get = async (port: number, path: string): Promise<string> =>
  (await request(`http://127.0.0.1:${port}${path}`)).body.text();

async function residentBytes(port: number): Promise<number> {
  const metrics = await get(port, '/metrics');
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
}

/** A bare client: an HTTP library would cost more than what is measured. */
class Subscriber {
  readonly #socket: Socket;
  #answered: (() => void) | undefined;
  #received = '';
  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      const head = this.#received.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(this.#received)?.[1];
      if (head === -1 || this.#received.length < head + 4 + Number(length)) return;
      this.#received = '';
      this.#answered?.();
    });
    this.#socket.on('error', (error) => console.error(error.message));
  }
  connected(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('connect', resolve));
  }
  /** Resolves with the answer's arrival, ms. */
  ask(path: string): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = () => resolve(performance.now());
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    });
  }
  close(): void {
    this.#socket.destroy();
  }
}

export interface PresenceResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly subscribers: number;
  readonly stormSeconds: number;
  /** Requests a second, of those of the idle route. */
  readonly heartbeats: readonly {
    readonly channels: number;
    readonly store: string;
    readonly ofIdle: Spread;
  }[];
  readonly joins: readonly {
    readonly store: string;
    readonly joins: number;
    readonly ofIdle: Spread;
    readonly p99Ms: Spread;
    readonly idleP99Ms: Spread;
  }[];
  readonly fanOut: readonly {
    readonly store: string;
    readonly p50Ms: Spread;
    readonly p99Ms: Spread;
    /** Delay of the last reply, of the time that the idle route takes for as many requests at once. */
    readonly lastOfIdle: Spread;
    readonly bytesEach: Spread;
  }[];
}

interface FanOut {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The last answer's delay, and how long the idle route takes to answer as many requests that come at once. */
  readonly lastMs: number;
  readonly idleMs: number;
  readonly bytesEach: number;
}

async function fanOut(port: number): Promise<FanOut> {
  const all: Subscriber[] = [];
  for (let at = 0; at < subscribers; at += 1) {
    const subscriber = new Subscriber(port);
    all.push(subscriber);
    if (at % 100 === 0) await subscriber.connected();
  }
  const idlePath = `/idle/presence/sub-key/${key}/channel/a/heartbeat?uuid=x`;
  // Connected and warm.
  await Promise.all(all.map((subscriber) => subscriber.ask(idlePath)));
  const idleStart = performance.now();
  const idleMs = Math.max(...(await Promise.all(all.map((one) => one.ask(idlePath))))) - idleStart;
  await request(`http://127.0.0.1:${port}/gc`, { method: 'POST' });
  const before = await residentBytes(port);
  const { t } = JSON.parse(await get(port, `/v2/subscribe/${key}/fan/0`)) as { t: { t: string } };
  const arrivals = all.map((subscriber) => subscriber.ask(`/v2/subscribe/${key}/fan/0?tt=${t.t}&tr=1`));
  // All are held when the answer to a request that came after them has come.
  await get(port, '/time/0');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await request(`http://127.0.0.1:${port}/gc`, { method: 'POST' });
  const held = await residentBytes(port);
  const start = performance.now();
  await get(port, `/publish/p/${key}/0/fan/0/%22hello%22`);
  const delays = (await Promise.all(arrivals)).map((at) => at - start);
  for (const subscriber of all) subscriber.close();
  return {
    p50Ms: Math.round(quantile(delays, 0.5)),
    p99Ms: Math.round(quantile(delays, 0.99)),
    lastMs: Math.round(Math.max(...delays)),
    idleMs: Math.round(idleMs),
    bytesEach: Math.round((held - before) / subscribers),
  };
}

requireTools();
pinBesideLoad(process.pid);
const server = await startRedis();
pinBesideLoad(server.pid);
const ports = { embedded: await startServer('embedded'), redis: await startServer('redis', server.url) };
const stores = ['embedded', 'redis'] as const;

const rates = new Map<string, number[]>();
const note = (name: string, rate: number): void => {
  rates.set(name, [...(rates.get(name) ?? []), rate]);
  console.error(`${name}: ${Math.round(rate)}/s`);
};
const storms = new Map<string, Sample[]>();
const storm = (name: string, port: number, script: string): void => {
  const sample = load(port, script, stormSeconds);
  if (sample.perSecond < stormJoinsPerSecond) console.error('fewer joins than a storm has');
  storms.set(name, [...(storms.get(name) ?? []), sample]);
  console.error(
    `joins ${name}: ${sample.requests}, ${Math.round(sample.perSecond)}/s, p99 ${sample.p99Ms} ms`,
  );
};
for (let round = 0; round <= rounds; round += 1) {
  // The first is for warming up.
  if (round === 1) {
    rates.clear();
    storms.clear();
  }
  for (const channels of [1, 10, 100]) {
    const idle = load(ports.embedded, heartbeats('/idle/presence', channels), seconds).perSecond;
    note(`${channels} idle`, idle);
    for (const store of stores) {
      note(
        `${channels} ${store}`,
        load(ports[store], heartbeats('/v2/presence', channels), seconds).perSecond,
      );
    }
  }
  storm('idle', ports.embedded, joins('/idle/presence', 'idle'));
  for (const store of stores) storm(store, ports[store], joins('/v2/presence', String(round)));
}
stopServers();
const fans: Record<string, FanOut[]> = { embedded: [], redis: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const store of stores) {
    const port = await startServer(store, ...(store === 'redis' ? [server.url] : []));
    const fan = await fanOut(port);
    console.error(`fan-out ${store}: ${JSON.stringify(fan)}`);
    fans[store]?.push(fan);
    stopServers();
  }
}
await server.stop();

/** Each round beside the idle route of the same round. */
const ratios = (real: readonly number[], idle: readonly number[]): Spread =>
  spreadOf(
    real.map((value, round) => value / (idle[round] ?? Number.NaN)),
    2,
  );
const ratesOf = (name: string): readonly number[] => rates.get(name) ?? [];
const ofStorms = (name: string, what: keyof Sample): readonly number[] =>
  (storms.get(name) ?? []).map((sample) => sample[what]);
const ofFans = (store: string, what: keyof FanOut): readonly number[] =>
  (fans[store] ?? []).map((fan) => fan[what]);
const result: PresenceResult = {
  ...{ machine: machine(), rounds, subscribers, stormSeconds },
  heartbeats: [1, 10, 100].flatMap((channels) =>
    stores.map((store) => ({
      ...{ channels, store },
      ofIdle: ratios(ratesOf(`${channels} ${store}`), ratesOf(`${channels} idle`)),
    })),
  ),
  joins: stores.map((store) => ({
    store,
    joins: Math.round(median(ofStorms(store, 'requests'))),
    ofIdle: ratios(ofStorms(store, 'perSecond'), ofStorms('idle', 'perSecond')),
    p99Ms: spreadOf(ofStorms(store, 'p99Ms')),
    idleP99Ms: spreadOf(ofStorms('idle', 'p99Ms')),
  })),
  fanOut: stores.map((store) => ({
    store,
    p50Ms: spreadOf(ofFans(store, 'p50Ms')),
    p99Ms: spreadOf(ofFans(store, 'p99Ms')),
    lastOfIdle: ratios(ofFans(store, 'lastMs'), ofFans(store, 'idleMs')),
    bytesEach: spreadOf(ofFans(store, 'bytesEach'), 0),
  })),
};
writeResult('presence', result);
console.log(JSON.stringify(result, null, 2));
process.exit(0);
