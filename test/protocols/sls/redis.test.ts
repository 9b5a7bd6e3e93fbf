import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCursor } from '../../../src/protocols/sls/logs/cursor.ts';
import type { StartedApp } from '../../start-app.ts';
import { startAppOverStore } from '../../start-app.ts';
import { suiteRedis } from '../../suite-redis.ts';
import { group, groups, host, logstore, sampleGroup } from './service.ts';

const redis = suiteRedis();
let nodes: readonly StartedApp[];
beforeAll(async () => {
  const settings = { redisUrl: redis.url, slsMaxShardBytes: 1_024 };
  nodes = await Promise.all([startAppOverStore(settings), startAppOverStore(settings)]);
});
afterAll(async () => {
  for (const node of nodes) await node.close();
});

/** Sends a request to the nodes in turn. */
let turn = 0;
async function call(method: string, url: string, body?: unknown) {
  turn += 1;
  const payload = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const type = Buffer.isBuffer(body) ? 'application/x-protobuf' : 'application/json';
  const answer = await nodes[turn % 2]?.app.inject({
    method: method as 'GET',
    url,
    headers: { host, ...(payload === undefined ? {} : { 'content-type': type }) },
    ...(payload === undefined ? {} : { payload }),
  });
  if (answer === undefined) throw new Error('there are two nodes');
  return answer;
}
const cursor = async (from: string): Promise<string> =>
  (await call('GET', `${logstore}/shards/0?type=cursor&from=${from}`)).json().cursor;
const kept = Math.floor(1_024 / (sampleGroup.length + 4));

describe('over Redis, two nodes', () => {
  it('store logs, drop the oldest, save checkpoints and assign shards in order', async () => {
    await call('POST', '/', { projectName: 'my-project' });
    await call('POST', '/logstores', { logstoreName: 'my-logstore', ttl: 30, shardCount: 1 });
    await call('POST', groups, { consumerGroup: 'cg', timeout: 60, order: true });
    const first = await cursor('begin');
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => call('POST', `${logstore}/shards/lb`, sampleGroup)),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    const [begin, end] = [await cursor('begin'), await cursor('end')];
    expect(decodeCursor(end)).toBe((decodeCursor(first) ?? 0n) + 30n);
    expect(decodeCursor(begin)).toBe((decodeCursor(end) ?? 0n) - BigInt(kept));
    const pulled = await call('GET', `${logstore}/shards/0?type=log&cursor=${encodeURIComponent(begin)}`);
    expect(pulled.headers).toMatchObject({ 'x-log-count': String(kept), 'x-log-cursor': end });
    expect(pulled.rawPayload.subarray(2, 2 + sampleGroup.length).equals(sampleGroup)).toBe(true);
    const old = await call('GET', `${logstore}/shards/0?type=log&cursor=${encodeURIComponent(first)}`);
    expect(old.json()).toMatchObject({ errorCode: 'InvalidCursor' });

    for (const none of ['MA==', 'MQ==', 'OTIyMzM3MjAzNjg1NDc3NTgwNw==']) {
      const elsewhere = await call('GET', `${logstore}/shards/0?type=log&cursor=${none}`);
      expect(elsewhere.json()).toMatchObject({ errorCode: 'InvalidCursor' });
    }

    const beat = async (held: readonly number[]) =>
      (await call('POST', `${group}?type=heartbeat&consumer=c1`, held)).json();
    expect(await beat([])).toEqual([0]);
    await call('POST', `${logstore}/shards/0?action=split&shardCount=2`);
    expect(await beat([0])).toEqual([0]);
    const saved = { shard: 0, checkpoint: end };
    expect((await call('POST', `${group}?type=checkpoint&consumer=c1`, saved)).statusCode).toBe(200);
    expect(await beat([0])).toEqual([1, 2]);
    expect((await call('GET', `${group}?shard=0`)).json()).toMatchObject([saved]);
  });

  it('delete the logs of a deleted logstore', async () => {
    await call('DELETE', logstore);
    await nodes[0]?.store.advanceClock(1);
    await call('DELETE', '/');
    expect(await nodes[0]?.store.tenants()).toEqual([]);
  });
});
