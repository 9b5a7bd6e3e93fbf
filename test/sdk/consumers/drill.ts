/**
 * The drill that every consumer library goes through: three workers on eight shards consume ten thousand logs; one is killed
 * midway, one comes, one is stopped as it should be; at the end everybody stops, and somebody new goes on where they were.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { encodeLogGroup } from '../../../src/protocols/sls/logs/codec/log-group.ts';
import { signV1, stringToSignV1 } from '../../../src/protocols/sls/wire/signature.ts';
import { cache } from './install.ts';
import { type Library, type Processed, startWorker, type Worker } from './worker.ts';

export const project = 'drill';
export const logstore = 'logs';
export const endpoint = 'cn-hangzhou.log.aliyuncs.com';
const logsPerGroup = 10;
/** Logs that wait to be consumed. */
const atOnce = 120;

export interface DrillOptions {
  readonly library: Library;
  /** The nodes, in turn for the workers. */
  readonly urls: readonly string[];
  readonly group: string;
  readonly logs: number;
  /** What happens to the server when half of the logs are consumed. */
  readonly midway?: () => Promise<void>;
}

export const keyId = 'mockAccessKeyID';
export const keySecret = 'mockAccessKeySecret';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex').toUpperCase();

/** One request of the vendor's API, signed, through the server as its proxy. Throws what the server refused. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const payload =
    body === undefined ? undefined : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const headers = {
    host: `${project}.${endpoint}`,
    ...(payload === undefined
      ? {}
      : {
          'content-type': payload === body ? 'application/x-protobuf' : 'application/json',
          'content-md5': md5(payload),
        }),
    date: new Date().toUTCString(),
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(payload?.length ?? 0),
    'x-log-signaturemethod': 'hmac-sha1',
  };
  const [bare = '', query = ''] = path.split('?');
  const signed = stringToSignV1({ method, path: bare, query, headers, body: payload ?? Buffer.alloc(0) });
  const authorization = `LOG ${keyId}:${signV1(signed, keySecret, 'hmac-sha1')}`;
  const sent = request(`${url}${path}`, { method, headers: { ...headers, authorization } });
  sent.end(payload);
  const [answer] = await once(sent, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk.toString();
  return { status: answer.statusCode, text };
}

/** Writes a file that lets Java find the project at an address, and returns its path. */
export function hostsFile(address: string): string {
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `hosts-${address}`);
  writeFileSync(path, `${address} ${project}.${endpoint}\n`);
  return path;
}

async function must(...args: Parameters<typeof call>): Promise<void> {
  const { status, text } = await call(...args);
  if (status !== 200) throw new Error(`${args[1]} ${args[2]}: ${status} ${text}`);
}

export async function setUp(url: string, shardCount = 8): Promise<void> {
  await must(url, 'POST', '/', { projectName: project });
  await must(url, 'POST', '/logstores', { logstoreName: logstore, ttl: 7, shardCount });
}

/** Logs with these numbers as their values, ten a group. */
export async function put(url: string, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += logsPerGroup) {
    const logs = Array.from({ length: Math.min(logsPerGroup, to - at) }, (_, index) => ({
      value: String(at + index),
    }));
    const group = encodeLogGroup({ topic: 't', source: 's', tags: {}, time: 1_700_000_000, logs });
    await must(url, 'POST', `/logstores/${logstore}/shards/lb`, group);
  }
}

/** Tells when enough was processed. */
class Tally {
  readonly #waiting = new Set<{ isEnough: () => boolean; resolve: () => void }>();
  readonly all: Processed[] = [];

  add(log: Processed): void {
    this.all.push(log);
    for (const waiting of this.#waiting) {
      if (!waiting.isEnough()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  until(isEnough: () => boolean): Promise<void> {
    if (isEnough()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add({ isEnough, resolve });
    });
  }

  get values(): Set<string> {
    return new Set(this.all.map(({ value }) => value));
  }
}

export async function drill({ library, urls, group, logs, midway }: DrillOptions): Promise<void> {
  const url = (at: number): string => urls[at % urls.length] ?? '';
  const tally = new Tally();
  const workers: Worker[] = [];
  const start = (consumer: string): Worker => {
    const worker = startWorker(library, url(workers.length), group, consumer, (log) => tally.add(log));
    workers.push(worker);
    return worker;
  };
  /** A few at a time, so that there is something to consume in every phase, however fast the library is. */
  let pause: Promise<void> | undefined;
  let putting = Promise.resolve();
  const feed = async (): Promise<void> => {
    for (let from = 0; from < logs; from += logsPerGroup) {
      await tally.until(() => from - tally.values.size < atOnce);
      while (pause !== undefined) await pause;
      putting = put(url(1), from, from + logsPerGroup);
      await putting;
    }
  };
  const fed = feed();
  const [killed, stopped, third] = [start('ann'), start('bob'), start('cay')];
  await tally.until(() => [killed, stopped, third].every(({ processed }) => processed.length > 0));
  await killed.kill();
  const fourth = start('dan');
  // A put that a dying server does not answer may be there all the same: there is none on its way then.
  const { promise, resolve } = Promise.withResolvers<void>();
  pause = promise;
  await putting;
  await midway?.();
  pause = undefined;
  resolve();
  await tally.until(() => fourth.processed.length > 0);
  await stopped.stop();
  await fed;
  await tally.until(() => tally.values.size === logs);
  await Promise.all([third.stop(), fourth.stop()]);

  const before = tally.all.length;
  await put(url(0), logs, logs + 200);
  const last = start('eve');
  await tally.until(() => tally.values.size === logs + 200);
  await last.stop();
  const goneOn = tally.all.slice(before).map(({ value }) => Number(value));
  expect(Math.min(...goneOn), 'goes on where the others were').toBeGreaterThanOrEqual(logs);

  // Once more only what the one that was killed had processed and not saved.
  const lost = new Set(killed.processed.filter(({ saved }) => !saved).map(({ value }) => value));
  const seen = new Set<string>();
  const twice = tally.all.filter(({ value }) => seen.has(value) || seen.add(value) === undefined);
  expect(twice.filter(({ value }) => !lost.has(value)).map(({ value }) => value)).toEqual([]);
  expect(seen.size).toBe(logs + 200);
}

/** What comes from a shard that was split is consumed after all of that shard, where order counts. */
export async function drillOrder({
  library,
  urls,
  group,
  logs,
}: Omit<DrillOptions, 'midway'>): Promise<void> {
  const [url = ''] = urls;
  const tally = new Tally();
  await put(url, 0, logs / 2);
  await must(url, 'POST', `/logstores/${logstore}/shards/0?action=split&shardCount=2`);
  await put(url, logs / 2, logs);
  const workers = ['ann', 'bob'].map((consumer) =>
    startWorker(library, url, group, consumer, (log) => tally.add(log), true),
  );
  await tally.until(() => tally.values.size === logs);
  await Promise.all(workers.map((worker) => worker.stop()));
  const order = tally.all.map(({ shard }) => (shard === '0' ? 'parent' : 'child'));
  expect(order.lastIndexOf('parent')).toBeLessThan(order.indexOf('child'));
  expect(tally.all).toHaveLength(logs);
}
