import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

const host = 'my-project.cn-hangzhou.log.aliyuncs.com';
const start = Date.UTC(2018, 4, 6, 9, 44, 11);

let started: StartedApp;
let wallMs: number;
beforeEach(async () => {
  wallMs = start;
  started = await startApp({}, { wallMs: () => wallMs });
  await started.store.freezeClock();
});
afterEach(() => started.close());

const call = async (
  method: InjectOptions['method'],
  url: string,
  body?: unknown,
  change: { host?: string; raw?: string } = {},
) => {
  const payload = change.raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await started.app.inject({
    method: method ?? 'GET',
    url,
    headers: {
      host: change.host ?? host,
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
  expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  expect(answer.headers['access-control-allow-origin']).toBe('*');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    json: answer.body === '' ? undefined : JSON.parse(answer.body),
  };
};
const refused = (status: number, errorCode: string, errorMessage: string) => ({
  status,
  json: { errorCode, errorMessage },
});
const root = '/logstores/my-logstore/consumergroups';
const beat = (consumer: string, held: unknown = [], group = 'cg') =>
  call('POST', `${root}/${group}?type=heartbeat&consumer=${consumer}`, held);
const setUp = async (shardCount = 4, timeout = 60): Promise<void> => {
  await call('POST', '/', { projectName: 'my-project', description: 'd' });
  await call('POST', '/logstores', { logstoreName: 'my-logstore', ttl: 30, shardCount });
  await call('POST', root, { consumerGroup: 'cg', timeout, order: false });
};
/** Time passes, for leases and for the clients' clocks. */
const pass = async (seconds: number): Promise<void> => {
  wallMs += seconds * 1_000;
  await started.store.advanceClock(seconds * 1_000);
};

describe('heartbeat', () => {
  beforeEach(() => setUp());

  it("answers the bare array of the shards that are the consumer's, with the headers of the document", async () => {
    const { status, headers, text } = await beat('c1');
    expect({ status, text }).toEqual({ status: 200, text: '[0,1,2,3]' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '9',
      server: 'nginx/1.12.1',
    });
    expect(headers['x-log-requestid']).toMatch(/^5AEECE6B/);
  });

  it('hands shards over second by second as it was captured', async () => {
    await call('PUT', `${root}/cg`, { timeout: 4 });
    const told: string[] = [];
    let now = 0;
    const at = async (seconds: number, consumer: string, held: readonly number[]): Promise<void> => {
      await pass(seconds - now);
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

  it('gives what a dead consumer had to the living, and lets the dead join only with empty hands', async () => {
    await beat('A');
    await beat('A', [0, 1, 2, 3]);
    await pass(60);
    expect((await beat('B')).text).toBe('[0,1,2,3]');
    expect(await beat('A', [0, 1, 2, 3])).toMatchObject(
      refused(400, 'NotExistConsumerWithBody', 'non-exist consumer with non-empty body of heartbeat message'),
    );
    expect((await beat('B', [0, 1, 2, 3])).text).toBe('[0,1,2,3]');
    await pass(1);
    expect((await beat('A')).text).toBe('[]');
    await pass(1);
    expect((await beat('B', [0, 1, 2, 3])).text).toBe('[0,1]');
    await pass(1);
    expect((await beat('B', [0, 1])).text).toBe('[0,1]');
    expect((await beat('A')).text).toBe('[2,3]');
  });

  it.each([
    ['more consumers than shards', 2, 5],
    ['as many', 3, 3],
    ['fewer', 7, 3],
  ])('shares evenly among %s', async (_what, shards, consumers) => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(shards);
    const names = Array.from({ length: consumers }, (_, at) => `c${at}`);
    const held = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let round = 0; round < 4; round += 1) {
      for (const name of names) held.set(name, (await beat(name, held.get(name))).json);
      await pass(1);
    }
    const all = [...held.values()].flat().sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: shards }, (_, id) => id));
    const loads = [...held.values()].map(({ length }) => length);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
  });

  it('in the settled state is one store operation', async () => {
    await beat('A');
    await beat('A', [0, 1, 2, 3]);
    const { store } = started;
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

  it('understands bodies as they come', async () => {
    for (const raw of ['', '[]', ' [ ] ', '{"shards":[]}']) {
      expect((await call('POST', `${root}/cg?consumer=c1&type=heartbeat`, undefined, { raw })).status).toBe(
        200,
      );
    }
    expect((await beat('c1', [3, 0, 1, 2])).text).toBe('[0,1,2,3]');
    expect((await beat('c1', { shards: [0, 1, 2, 3] })).text).toBe('[0,1,2,3]');
  });

  it.each([
    ['an object', '{}'],
    ['text', '["0"]'],
    ['fractions', '[0.5]'],
    ['negative ids', '[-1]'],
    ['no JSON', '[0'],
  ])('refuses %s', async (_what, raw) => {
    expect(await call('POST', `${root}/cg?type=heartbeat&consumer=c1`, undefined, { raw })).toMatchObject(
      refused(400, 'PostBodyInvalid', 'The request body is not valid JSON object.'),
    );
  });

  it('refuses a missing consumer and an unknown type', async () => {
    expect(await call('POST', `${root}/cg?type=heartbeat`, [])).toMatchObject(
      refused(400, 'ParameterInvalid', 'consumer is invalid'),
    );
    expect(await call('POST', `${root}/cg?consumer=c1`, [])).toMatchObject({
      status: 400,
      json: { errorCode: 'ParameterInvalid' },
    });
  });

  it('says what does not exist', async () => {
    expect(await beat('c1', [], 'none')).toMatchObject(
      refused(404, 'ConsumerGroupNotExist', 'consumer group not exist'),
    );
    expect(
      await call('POST', '/logstores/none-here/consumergroups/cg?type=heartbeat&consumer=c1', []),
    ).toMatchObject(refused(404, 'LogStoreNotExist', 'logstore none-here does not exist'));
    expect(
      await call('POST', `${root}/cg?type=heartbeat&consumer=c1`, [], {
        host: 'other.cn-hangzhou.log.aliyuncs.com',
      }),
    ).toMatchObject(refused(404, 'ProjectNotExist', 'The Project does not exist : other'));
  });

  it('notices at once what another node changed', async () => {
    await beat('c1');
    await beat('c1', [0, 1, 2, 3]);
    const other = await startApp({}, { store: started.store, wallMs: () => wallMs });
    const elsewhere = { host };
    await other.app.inject({ method: 'PUT', url: `${root}/cg`, headers: elsewhere, payload: { timeout: 5 } });
    await beat('c1', [0, 1, 2, 3]);
    expect(
      await started.store.read({ tenant: 'sls/my-project', group: 'my-logstore/cg', holder: 'c1' }),
    ).toMatchObject({ remainingMs: 5_000 });
    await other.app.inject({ method: 'DELETE', url: `${root}/cg`, headers: elsewhere });
    expect(await beat('c1', [0, 1, 2, 3])).toMatchObject({
      status: 404,
      json: { errorCode: 'ConsumerGroupNotExist' },
    });
    await call('POST', root, { consumerGroup: 'cg', timeout: 60 });
    expect(await beat('c1', [0])).toMatchObject({
      status: 400,
      json: { errorCode: 'NotExistConsumerWithBody' },
    });
    await call('DELETE', '/logstores/my-logstore');
    expect(await beat('c1')).toMatchObject({ status: 404, json: { errorCode: 'LogStoreNotExist' } });
    await other.app.close();
  });

  it('of a hundred consumers that all come at once is answered to each of them', async () => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(200);
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => beat(`c${at}`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const all = answers.flatMap(({ json }) => json as number[]);
      expect(new Set(all).size).toBe(all.length);
      await pass(1);
    }
  });

  it('of many consumers on two nodes at once settles evenly, and no shard is ever in two answers', async () => {
    await call('DELETE', '/logstores/my-logstore');
    await setUp(16);
    const other = await startApp({}, { store: started.store, wallMs: () => wallMs });
    const nodes = [started, other];
    const held = new Map<string, number[]>(Array.from({ length: 6 }, (_, at) => [`c${at}`, []]));
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        [...held].map(async ([name, shards], at) => {
          const url = `${root}/cg?type=heartbeat&consumer=${name}`;
          const answer = await (nodes[at % 2] ?? started).app.inject({
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
      await pass(1);
    }
    expect([...held.values()].flat()).toHaveLength(16);
    await other.app.close();
  });
});

describe('consumer groups', () => {
  beforeEach(() => setUp());

  it('are made, listed, changed and deleted', async () => {
    expect(await call('POST', root, { consumerGroup: 'other', timeout: 30, order: true })).toMatchObject({
      status: 200,
      text: '',
    });
    expect((await call('GET', root)).json).toEqual([
      { name: 'cg', order: false, timeout: 60 },
      { name: 'other', order: true, timeout: 30 },
    ]);
    const changed = await call('PUT', `${root}/other`, { order: false, timeout: 20 });
    expect(changed).toMatchObject({ status: 200, text: '' });
    expect(changed.headers['content-type']).toBeUndefined();
    expect(changed.headers['content-length']).toBe('0');
    expect((await call('GET', root)).json[1]).toEqual({ name: 'other', order: false, timeout: 20 });
    expect((await call('DELETE', `${root}/other`)).status).toBe(200);
    expect((await call('DELETE', `${root}/other`)).status).toBe(200);
    expect((await call('GET', root)).json).toHaveLength(1);
  });

  it.each([
    [
      'one that is there',
      { consumerGroup: 'cg', timeout: 60 },
      refused(400, 'ConsumerGroupAlreadyExist', 'consumer group already exist'),
    ],
    [
      'no timeout',
      { consumerGroup: 'x' },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
    [
      'a timeout of 0',
      { consumerGroup: 'x', timeout: 0 },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
    [
      'a name with other characters',
      { consumerGroup: 'a b', timeout: 1 },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
  ])('cannot be made with %s', async (_what, body, error) => {
    expect(await call('POST', root, body)).toMatchObject(error);
  });

  it('cannot be changed into what they cannot be', async () => {
    const error = refused(400, 'JsonInfoInvalid', 'timeout is of error value type');
    for (const body of [{}, { timeout: 'x' }, { timeout: 0 }, { order: 1 }])
      expect(await call('PUT', `${root}/cg`, body)).toMatchObject(error);
    expect(await call('PUT', `${root}/none`, { timeout: 5 })).toMatchObject(
      refused(404, 'ConsumerGroupNotExist', 'consumer group not exist'),
    );
  });

  it('are at most 30 of a logstore', async () => {
    for (let at = 1; at < 30; at += 1)
      expect((await call('POST', root, { consumerGroup: `g${at}`, timeout: 5 })).status).toBe(200);
    expect(await call('POST', root, { consumerGroup: 'g30', timeout: 5 })).toMatchObject({
      status: 403,
      json: { errorCode: 'ExceedQuota' },
    });
  });

  it('of racing clients are made once, and the others are told so', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', root, { consumerGroup: 'race', timeout: 5 })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ json }) => json?.errorCode === 'ConsumerGroupAlreadyExist')).toHaveLength(7);
  });

  it('without a name are no method', async () => {
    expect(await call('DELETE', `${root}/`)).toMatchObject(
      refused(405, 'InvalidMethod', `invalid request method : ${root}/`),
    );
  });
});

describe('projects, logstores and shards', () => {
  it('a project has all the members that clients read', async () => {
    await setUp();
    const seconds = String(start / 1_000);
    const project = {
      projectName: 'my-project',
      status: 'Normal',
      owner: '',
      description: 'd',
      region: 'cn-hangzhou',
      createTime: seconds,
      lastModifyTime: seconds,
    };
    expect((await call('GET', '/')).json).toEqual(project);
    const bare = { host: 'cn-hangzhou.log.aliyuncs.com' };
    expect((await call('GET', '/?offset=0&size=100', undefined, bare)).json).toEqual({
      count: 1,
      total: 1,
      projects: [project],
    });
    expect((await call('PUT', '/', { description: 'new' })).status).toBe(200);
    expect((await call('GET', '/')).json).toMatchObject({ description: 'new' });
    expect(await call('POST', '/', { projectName: 'my-project' }, bare)).toMatchObject(
      refused(400, 'ProjectAlreadyExist', 'Project my-project already exist'),
    );
    expect((await call('DELETE', '/')).status).toBe(200);
    expect(await call('GET', '/')).toMatchObject(
      refused(404, 'ProjectNotExist', 'The Project does not exist : my-project'),
    );
  });

  it('a logstore has all the members that clients read', async () => {
    await setUp();
    const seconds = start / 1_000;
    expect((await call('GET', '/logstores/my-logstore')).json).toEqual({
      logstoreName: 'my-logstore',
      ttl: 30,
      shardCount: 4,
      enable_tracking: false,
      autoSplit: false,
      maxSplitShard: 64,
      appendMeta: false,
      telemetryType: '',
      createTime: seconds,
      lastModifyTime: seconds,
    });
    await call('POST', '/logstores', { logstoreName: 'second', autoSplit: true, unknown: { kept: 'not' } });
    expect((await call('GET', '/logstores?offset=0&size=100')).json).toEqual({
      count: 2,
      total: 2,
      logstores: ['my-logstore', 'second'],
    });
    expect((await call('GET', '/logstores?offset=1&size=1&logstoreName=s')).json).toEqual({
      count: 1,
      total: 2,
      logstores: ['second'],
    });
    await call('PUT', '/logstores/second', { ttl: 7 });
    expect((await call('GET', '/logstores/second')).json).toMatchObject({
      ttl: 7,
      autoSplit: true,
      shardCount: 2,
    });
  });

  it('shards divide the key space evenly', async () => {
    await setUp();
    const { json } = await call('GET', '/logstores/my-logstore/shards');
    expect(json.map((shard: { inclusiveBeginKey: string }) => shard.inclusiveBeginKey.slice(0, 4))).toEqual([
      '0000',
      '4000',
      '8000',
      'c000',
    ]);
    expect(json[3]).toEqual({
      shardID: 3,
      status: 'readwrite',
      inclusiveBeginKey: 'c0000000000000000000000000000000',
      exclusiveEndKey: 'ffffffffffffffffffffffffffffffff',
      createTime: start / 1_000,
    });
  });

  it.each([
    [
      'one that is there',
      { logstoreName: 'my-logstore' },
      refused(400, 'LogStoreAlreadyExist', 'logstore my-logstore already exists'),
    ],
    [
      'a name that cannot be',
      { logstoreName: 'X' },
      refused(400, 'LogStoreInfoInvalid', 'store name X is invalid'),
    ],
    [
      'too many shards',
      { logstoreName: 'big', shardCount: 257 },
      refused(400, 'LogStoreInfoInvalid', 'logstore info is invalid'),
    ],
    ['no name', {}, refused(400, 'LogStoreInfoInvalid', 'logstore info is invalid')],
  ])('a logstore cannot be made: %s', async (_what, body, error) => {
    await setUp();
    expect(await call('POST', '/logstores', body)).toMatchObject(error);
  });

  it('are made on first use where the setting says so', async () => {
    await started.close();
    started = await startApp({ slsAutoCreate: true, slsShardCount: 3 });
    expect((await call('GET', '/logstores/my-logstore/shards')).json).toHaveLength(3);
    expect((await call('POST', root, { consumerGroup: 'cg', timeout: 5 })).status).toBe(200);
    expect(await call('GET', '/logstores/X/shards')).toMatchObject({
      status: 404,
      json: { errorCode: 'LogStoreNotExist' },
    });
  });
});

describe('addressing', () => {
  it.each([
    ['my-project.cn-hangzhou.log.aliyuncs.com', 'my-project'],
    ['My-Project.CN-hangzhou.log.aliyuncs.com:80', 'my-project'],
    ['my-project.127.0.0.1', 'my-project'],
    ['my-project.127.0.0.1:18087', 'my-project'],
    ['my-project.localhost:8080', 'my-project'],
    ['my-project.sls.local', 'my-project'],
  ])('%s is for %s', async (name, project) => {
    expect(await call('GET', '/', undefined, { host: name })).toMatchObject(
      refused(404, 'ProjectNotExist', `The Project does not exist : ${project}`),
    );
  });

  it.each(['127.0.0.1:8080', 'localhost', '[::1]:8080', 'cn-hangzhou.log.aliyuncs.com', 'sls.local'])(
    '%s is for no project',
    async (name) => {
      expect(await call('GET', '/', undefined, { host: name })).toMatchObject({
        status: 200,
        json: { count: 0, total: 0, projects: [] },
      });
      expect(await call('GET', '/logstores', undefined, { host: name })).toMatchObject(
        refused(400, 'InvalidHost', `Host header ${name} is invalid.`),
      );
    },
  );

  it('a default project serves hosts that name none', async () => {
    await started.close();
    started = await startApp({ slsDefaultProject: 'standard', slsAutoCreate: true });
    expect((await call('GET', '/logstores', undefined, { host: '127.0.0.1' })).json).toEqual({
      count: 0,
      total: 0,
      logstores: [],
    });
    expect((await started.store.tenants()).map(({ tenant }) => tenant)).toEqual(['sls/standard']);
  });
});

describe('everything else', () => {
  it('an unknown call is no method', async () => {
    expect(await call('POST', '/logstores/x/y/z')).toMatchObject(
      refused(405, 'InvalidMethod', 'invalid request method : /logstores/x/y/z'),
    );
  });

  it('a store that is away is 503, a fault of ours 500 with a request id', async () => {
    await setUp();
    started.store.beat = () => Promise.reject(new StoreUnavailable('away'));
    expect(await beat('c1')).toMatchObject(
      refused(503, 'ServerBusy', 'The server is busy, please try again later.'),
    );
    started.store.beat = () => Promise.reject(new Error('secret detail'));
    const failed = await beat('c1');
    expect(failed).toMatchObject({ status: 500, json: { errorCode: 'InternalServerError' } });
    expect(failed.text).not.toContain('secret');
    expect(failed.text).toContain(failed.headers['x-log-requestid']);
  });
});
