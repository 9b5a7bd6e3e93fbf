/** Consumers of a server that is killed and restarts on its file. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../../../src/store/create-store.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import type { Driver } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { group, groups, host, startMs } from '../service.ts';

/** Consumers send two heartbeats per timeout, as those of the Python library do. */
const timeoutMs = 4_000;
const intervalMs = timeoutMs / 2;
/** Maximum interval between two ticks of a running server's clock. */
const tickMs = 500;

let folder: string;
let wallMs: number;
let servers: { readonly app: StartedApp; readonly driver: Driver }[];
const path = (generation: number): string => join(folder, `${generation}.db`);
const running = () => {
  const server = servers.at(-1);
  if (server === undefined) throw new Error('no server was started');
  return server;
};

async function start(): Promise<void> {
  const wall = (): number => wallMs;
  const driver = openEmbeddedDriver({ path: path(servers.length), wallMs: wall });
  servers.push({ app: await startApp({}, { wallMs: wall, store: createStore(driver) }), driver });
}

/** Lets the server run for a time. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= tickMs) {
    wallMs += Math.min(left, tickMs);
    await running().driver.sweep(0, 'test', 100);
  }
}

/** Kills the server and starts one later, on the file as the kill left it. */
async function outage(ms: number): Promise<void> {
  for (const suffix of ['', '-wal']) cpSync(path(servers.length - 1) + suffix, path(servers.length) + suffix);
  wallMs += ms;
  await start();
}

async function call(method: 'GET' | 'POST', url: string, body?: unknown) {
  const { statusCode, body: text } = await running().app.app.inject({
    method,
    url,
    headers: { host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return statusCode === 200 ? text : `${statusCode} ${(JSON.parse(text) as { errorCode: string }).errorCode}`;
}
const beat = (consumer: string, held: readonly number[] = []) =>
  call('POST', `${group}?type=heartbeat&consumer=${consumer}`, held);
const save = (consumer: string, checkpoint: string) =>
  call('POST', `${group}?type=checkpoint&consumer=${consumer}`, { shard: 0, checkpoint });
const saved = async (): Promise<unknown> => JSON.parse(await call('GET', `${group}?shard=0`));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  wallMs = startMs;
  servers = [];
  await start();
  await call('POST', '/', { projectName: 'my-project' });
  await call('POST', '/logstores', { logstoreName: 'my-logstore', ttl: 30, shardCount: 2 });
  await call('POST', groups, { consumerGroup: 'cg', timeout: timeoutMs / 1_000 });
});
afterEach(async () => {
  for (const { app } of servers) await app.close();
  rmSync(folder, { recursive: true });
});

describe('a consumer of a server that was down', () => {
  it.each([150, 700, 1_900, 2_000, 2_050, 3_000, 60_000])(
    'keeps its shards over %i ms, although its next heartbeat comes only when it is due',
    async (awayMs) => {
      await beat('ann');
      expect(await beat('ann', [0, 1])).toBe('[0,1]');
      const servedMs = intervalMs - 100;
      await pass(servedMs);
      await outage(awayMs);
      // A consumer that joins at once receives no shard that its owner is still consuming.
      expect(await beat('bob')).toBe('[]');
      const sinceBeatMs = servedMs + awayMs;
      const nextBeatMs = Math.ceil(sinceBeatMs / intervalMs) * intervalMs;
      await pass(nextBeatMs - sinceBeatMs);
      expect(await beat('ann', [0, 1])).toBe('[0]');
      expect(await beat('bob')).toBe('[]');
      expect(await beat('ann', [0])).toBe('[0]');
      expect(await beat('bob')).toBe('[1]');
    },
  );

  it('keeps its shards over repeated outages, as long as its heartbeats arrive in time', async () => {
    await beat('ann');
    await beat('ann', [0, 1]);
    for (let round = 0; round < 5; round += 1) await outage(3_000);
    await pass(timeoutMs - 1);
    expect(await beat('ann', [0, 1])).toBe('[0,1]');
  });

  it('expires after its timeout, and its successor starts from the last acknowledged checkpoint', async () => {
    await beat('ann');
    await beat('ann', [0, 1]);
    expect(await save('ann', 'MQ==')).toBe('');
    await outage(3_000);
    await beat('bob');
    await pass(timeoutMs - 1);
    expect(await beat('bob')).toBe('[]');
    await pass(1);
    expect(await beat('bob')).toBe('[0,1]');
    expect(await saved()).toMatchObject([{ checkpoint: 'MQ==', consumer: 'bob' }]);

    // It may not know and continue to consume: its report is refused.
    expect(await beat('ann', [0, 1])).toBe('400 NotExistConsumerWithBody');
    expect(await save('ann', 'Mg==')).toBe('404 ConsumerNotExist');
    expect(await beat('ann')).toBe('[]');
    expect(await save('ann', 'Mg==')).toBe('400 ConsumerNotMatch');
    expect(await saved()).toMatchObject([{ checkpoint: 'MQ==', consumer: 'bob' }]);
  });
});
