/**
 * Presence at length: heartbeats on many channels at once, joins, and one message to many waiting subscribers; over the
 * embedded store and over Redis, as ratios beside a route of the same app that does nothing. Writes
 * bench/presence-results.json and prints the tables of the README.
 */
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { startRedis } from '../test/redis-server.ts';
import { load, median, pinBesideLoad, requireTools, type Sample, startServer, stopServers } from './load.ts';

const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = Number(process.env.SECONDS ?? 4);
const subscribers = Number(process.env.SUBSCRIBERS ?? 10_000);
/** All into one channel, as fast as they are answered; fewer are no storm. */
const stormJoins = 50_000;
const stormSeconds = Number(process.env.STORM_SECONDS ?? 5);
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

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

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
  const delays = (await Promise.all(arrivals)).map((at) => at - start).sort((a, b) => a - b);
  for (const subscriber of all) subscriber.close();
  return {
    p50Ms: Math.round(quantile(delays, 0.5)),
    p99Ms: Math.round(quantile(delays, 0.99)),
    lastMs: Math.round(delays.at(-1) ?? 0),
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
  if (sample.requests < stormJoins)
    throw new Error(`only ${sample.requests} joins: set STORM_SECONDS higher`);
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
const rate = (name: string): number => median(rates.get(name) ?? []);
const ofIdle = (what: string, store: string): number =>
  Number((rate(`${what} ${store}`) / rate(`${what} idle`)).toFixed(2));

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

const ofStorms = (name: string, what: keyof Sample): number =>
  median((storms.get(name) ?? []).map((sample) => sample[what]));
const ofFans = (store: string, what: keyof FanOut): number =>
  median((fans[store] ?? []).map((fan) => fan[what]));
const results = {
  measured: new Date().toISOString().slice(0, 10),
  rounds,
  heartbeats: [1, 10, 100].map((channels) => ({
    channels,
    embedded: ofIdle(String(channels), 'embedded'),
    redis: ofIdle(String(channels), 'redis'),
  })),
  joins: stores.map((store) => ({
    store,
    joins: ofStorms(store, 'requests'),
    ofIdle: Number((ofStorms(store, 'perSecond') / ofStorms('idle', 'perSecond')).toFixed(2)),
    p99Ms: Number(ofStorms(store, 'p99Ms').toFixed(1)),
    idleP99Ms: Number(ofStorms('idle', 'p99Ms').toFixed(1)),
  })),
  fanOut: stores.map((store) => ({
    store,
    subscribers,
    p50Ms: ofFans(store, 'p50Ms'),
    p99Ms: ofFans(store, 'p99Ms'),
    lastMs: ofFans(store, 'lastMs'),
    idleMs: ofFans(store, 'idleMs'),
    bytesEach: ofFans(store, 'bytesEach'),
  })),
};
writeFileSync(join(import.meta.dirname, 'presence-results.json'), `${JSON.stringify(results, null, 2)}\n`);

console.log('| of the idle route | embedded | Redis |');
console.log('| --- | --- | --- |');
for (const { channels, embedded, redis } of results.heartbeats)
  console.log(`| a heartbeat on ${channels} channels | ${embedded.toFixed(2)} | ${redis.toFixed(2)} |`);
console.log('\n| joins into one channel | at once | of the idle route | p99 | p99 of the idle route |');
console.log('| --- | --- | --- | --- | --- |');
for (const { store, joins, ofIdle, p99Ms, idleP99Ms } of results.joins)
  console.log(`| ${store} | ${joins} | ${ofIdle.toFixed(2)} | ${p99Ms} ms | ${idleP99Ms} ms |`);
console.log(
  `\n| one message to ${subscribers} waiting subscribers | p50 | p99 | last, of as many idle requests | memory each |`,
);
console.log('| --- | --- | --- | --- | --- |');
for (const { store, p50Ms, p99Ms, lastMs, idleMs, bytesEach } of results.fanOut) {
  console.log(
    `| ${store} | ${p50Ms} ms | ${p99Ms} ms | ${(lastMs / idleMs).toFixed(2)} | ${(bytesEach / 1_024).toFixed(1)} KiB |`,
  );
}
process.exit(0);
