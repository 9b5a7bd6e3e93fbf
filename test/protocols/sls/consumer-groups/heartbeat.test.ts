/** ConsumerGroupHeartBeat over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../../start-app.ts';
import { group, groups, host, refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service);
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);
const beat = (consumer: string, held: unknown = [], name = 'cg') =>
  call('POST', `${groups}/${name}?type=heartbeat&consumer=${consumer}`, held);

describe('heartbeat', () => {
  it('returns the array of the shards that the consumer owns, with the documented headers', async () => {
    const { status, headers, text } = await beat('c1');
    expect({ status, text }).toEqual({ status: 200, text: '[0,1,2,3]' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '9',
      server: 'nginx/1.12.1',
    });
    expect(headers['x-log-requestid']).toMatch(/^5AEECE6B/);
  });

  it('hands shards over second by second as captured from the live service', async () => {
    await call('PUT', group, { timeout: 4 });
    const told: string[] = [];
    let now = 0;
    const at = async (seconds: number, consumer: string, held: readonly number[]): Promise<void> => {
      await service.pass(seconds - now);
      now = seconds;
      const { text } = await beat(consumer, held);
      told.push(`${seconds} ${consumer} ${JSON.stringify(held)} => ${text}`);
    };
    await at(1, 'A', []);
    await at(3, 'A', [0, 1, 2, 3]);
    await at(6, 'A', [0, 1, 2, 3]);
    await at(7, 'B', []);
    await at(7, 'A', [0, 1, 2, 3]);
    await at(9, 'A', [0, 1, 2, 3]);
    await at(9, 'B', []);
    await at(11, 'A', [0, 1]);
    await at(12, 'A', [0, 1]);
    await at(12, 'B', []);
    await at(15, 'B', [2, 3]);
    await at(15, 'A', [0, 1]);
    await at(18, 'A', [0, 1]);
    await at(20, 'A', [0, 1]);
    expect(told).toEqual([
      '1 A [] => [0,1,2,3]',
      '3 A [0,1,2,3] => [0,1,2,3]',
      '6 A [0,1,2,3] => [0,1,2,3]',
      '7 B [] => []',
      '7 A [0,1,2,3] => [0,1]',
      '9 A [0,1,2,3] => [0,1]',
      '9 B [] => []',
      '11 A [0,1] => [0,1]',
      '12 A [0,1] => [0,1]',
      '12 B [] => [2,3]',
      '15 B [2,3] => [2,3]',
      '15 A [0,1] => [0,1]',
      '18 A [0,1] => [0,1]',
      '20 A [0,1] => [0,1,2,3]',
    ]);
  });

  it('assigns the shards of an expired consumer to others, and refuses the expired one while it reports shards', async () => {
    await beat('A');
    await beat('A', [0, 1, 2, 3]);
    await service.pass(60);
    expect((await beat('B')).text).toBe('[0,1,2,3]');
    expect(await beat('A', [0, 1, 2, 3])).toMatchObject(
      refused(400, 'NotExistConsumerWithBody', 'non-exist consumer with non-empty body of heartbeat message'),
    );
    expect((await beat('B', [0, 1, 2, 3])).text).toBe('[0,1,2,3]');
    await service.pass(1);
    expect((await beat('A')).text).toBe('[]');
    await service.pass(1);
    expect((await beat('B', [0, 1, 2, 3])).text).toBe('[0,1]');
    await service.pass(1);
    expect((await beat('B', [0, 1])).text).toBe('[0,1]');
    expect((await beat('A')).text).toBe('[2,3]');
  });

  it.each([
    ['more consumers than shards', 2, 5],
    ['as many consumers as shards', 3, 3],
    ['fewer consumers than shards', 7, 3],
  ])('distributes shards evenly over %s', async (_what, shards, consumers) => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(service, { shardCount: shards });
    const names = Array.from({ length: consumers }, (_, at) => `c${at}`);
    const held = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let round = 0; round < 4; round += 1) {
      for (const name of names) held.set(name, (await beat(name, held.get(name))).json);
      await service.pass(1);
    }
    const all = [...held.values()].flat().sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: shards }, (_, id) => id));
    const loads = [...held.values()].map(({ length }) => length);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
  });

  it('is one store operation while nothing changes', async () => {
    await beat('A');
    await beat('A', [0, 1, 2, 3]);
    const { store } = service.started;
    const used: string[] = [];
    for (const name of [
      'read',
      'members',
      'commit',
      'readDocuments',
      'listDocuments',
      'now',
      'count',
    ] as const) {
      const original = store[name] as (ask: never) => Promise<never>;
      (store as unknown as Record<string, unknown>)[name] = (ask: never) => {
        used.push(name);
        return original(ask);
      };
    }
    expect((await beat('A', [0, 1, 2, 3])).text).toBe('[0,1,2,3]');
    expect((await beat('A', [3, 1, 0, 2])).text).toBe('[0,1,2,3]');
    expect(used).toEqual([]);
  });

  it('accepts empty bodies, lists and objects', async () => {
    for (const raw of ['', '[]', ' [ ] ', '{"shards":[]}']) {
      expect((await call('POST', `${group}?consumer=c1&type=heartbeat`, undefined, { raw })).status).toBe(
        200,
      );
    }
    expect((await beat('c1', [3, 0, 1, 2])).text).toBe('[0,1,2,3]');
    expect((await beat('c1', { shards: [0, 1, 2, 3] })).text).toBe('[0,1,2,3]');
  });

  it.each([
    ['an object without shards', '{}'],
    ['ids as text', '["0"]'],
    ['fractions', '[0.5]'],
    ['negative ids', '[-1]'],
    ['invalid JSON', '[0'],
  ])('refuses %s', async (_what, raw) => {
    expect(await call('POST', `${group}?type=heartbeat&consumer=c1`, undefined, { raw })).toMatchObject(
      refused(400, 'PostBodyInvalid', 'The request body is not valid JSON object.'),
    );
  });

  it('refuses a missing consumer and an unknown type', async () => {
    expect(await call('POST', `${group}?type=heartbeat`, [])).toMatchObject(
      refused(400, 'ParameterInvalid', 'consumer is invalid'),
    );
    expect(await call('POST', `${group}?consumer=c1`, [])).toMatchObject({
      status: 400,
      json: { errorCode: 'ParameterInvalid' },
    });
  });

  it('is refused with what does not exist', async () => {
    expect(await beat('c1', [], 'none')).toMatchObject(
      refused(404, 'ConsumerGroupNotExist', 'consumer group not exist'),
    );
    expect(
      await call('POST', '/logstores/none-here/consumergroups/cg?type=heartbeat&consumer=c1', []),
    ).toMatchObject(refused(404, 'LogStoreNotExist', 'logstore none-here does not exist'));
    expect(
      await call('POST', `${group}?type=heartbeat&consumer=c1`, [], {
        host: 'other.cn-hangzhou.log.aliyuncs.com',
      }),
    ).toMatchObject(refused(404, 'ProjectNotExist', 'The Project does not exist : other'));
  });

  it('applies changes of another node at once', async () => {
    await beat('c1');
    await beat('c1', [0, 1, 2, 3]);
    const other = await startApp(
      {},
      { store: service.started.store, wallMs: () => service.nowSeconds() * 1_000 },
    );
    const elsewhere = { host };
    await other.app.inject({ method: 'PUT', url: group, headers: elsewhere, payload: { timeout: 5 } });
    await beat('c1', [0, 1, 2, 3]);
    expect(
      await service.started.store.read({ tenant: 'sls/my-project', group: 'my-logstore/cg', holder: 'c1' }),
    ).toMatchObject({ remainingMs: 5_000 });
    await other.app.inject({ method: 'DELETE', url: group, headers: elsewhere });
    expect(await beat('c1', [0, 1, 2, 3])).toMatchObject({
      status: 404,
      json: { errorCode: 'ConsumerGroupNotExist' },
    });
    await call('POST', groups, { consumerGroup: 'cg', timeout: 60 });
    expect(await beat('c1', [0])).toMatchObject({
      status: 400,
      json: { errorCode: 'NotExistConsumerWithBody' },
    });
    await call('DELETE', '/logstores/my-logstore');
    expect(await beat('c1')).toMatchObject({ status: 404, json: { errorCode: 'LogStoreNotExist' } });
    await other.app.close();
  });

  it('succeeds for each of a hundred consumers that join at the same time', async () => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(service, { shardCount: 200 });
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => beat(`c${at}`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const all = answers.flatMap(({ json }) => json as number[]);
      expect(new Set(all).size).toBe(all.length);
      await service.pass(1);
    }
  });

  it('settles evenly for many consumers on two nodes, and no shard is in two replies', async () => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(service, { shardCount: 16 });
    const other = await startApp(
      {},
      { store: service.started.store, wallMs: () => service.nowSeconds() * 1_000 },
    );
    const nodes = [service.started, other];
    const held = new Map<string, number[]>(Array.from({ length: 6 }, (_, at) => [`c${at}`, []]));
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        [...held].map(async ([name, shards], at) => {
          const url = `${group}?type=heartbeat&consumer=${name}`;
          const answer = await (nodes[at % 2] ?? service.started).app.inject({
            method: 'POST',
            url,
            headers: { host },
            payload: shards,
          });
          return [name, answer.json() as number[]] as const;
        }),
      );
      for (const [name, shards] of answers) held.set(name, shards);
      const all = [...held.values()].flat();
      expect(new Set(all).size).toBe(all.length);
      await service.pass(1);
    }
    expect([...held.values()].flat()).toHaveLength(16);
    await other.app.close();
  });
});
