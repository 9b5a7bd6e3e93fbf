/** What an operator does with the logs, shards and checkpoints of a logstore, without a signature. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consumersOf } from '../consumer-groups/consumers.ts';
import { logClient } from '../logs/log-client.ts';
import { type Service, setUp, startMs, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 2, order: true });
});
afterEach(() => service.close());

const { cursor } = logClient(() => service);
const { beat, settle } = consumersOf(() => service);
const there = { project: 'my-project', logstore: 'my-logstore' };

async function ask(method: 'GET' | 'POST', path: string, body?: object) {
  const { statusCode, body: text } = await service.started.app.inject({
    method,
    url: `/_heartbeatd/sls/${path}`,
    headers: { host: '127.0.0.1' },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: statusCode, json: JSON.parse(text) };
}
const shards = async (group = '') => {
  const query = new URLSearchParams({ ...there, ...(group === '' ? {} : { group }) });
  return ask('GET', `shards?${query}`);
};
const put = (shard: number, text: string) =>
  ask('POST', 'logs', { ...there, shard, logs: [{ contents: { text } }] });
const checkpoints = (changes: object) => ask('POST', 'checkpoints', { ...there, group: 'cg', ...changes });
const lags = async () =>
  (await shards('cg')).json.shards.map(({ lag }: { lag: { entries: number; seconds: number } }) => [
    lag.entries,
    lag.seconds,
  ]);

describe('POST /_heartbeatd/sls/logs', () => {
  it('writes logs to the chosen shard, which are read again as they were written', async () => {
    const logs = [{ time: 7, contents: { text: 'a' } }, { contents: { text: 'b' } }];
    const body = { ...there, shard: 1, topic: 't', source: 's', tags: { env: 'dev' }, logs };
    const place = { shard: 1, cursor: await cursor('begin', 1) };
    expect(await ask('POST', 'logs', body)).toEqual({ status: 201, json: { ...place, logs: 2 } });
    const { json } = await ask('GET', `logs?${new URLSearchParams(there)}`);
    const both = { ...place, topic: 't', source: 's', tags: { env: 'dev' } };
    expect(json.logs).toMatchObject([
      { ...both, time: 7, contents: { text: 'a' } },
      { ...both, time: startMs / 1_000, contents: { text: 'b' } },
    ]);
  });

  it.each([
    [{ logstore: 'my-logstor' }, 404, 'did you mean "my-logstore"'],
    [{ shard: 9 }, 404, 'its shards are 0, 1'],
    [{ logs: [] }, 400, 'logs'],
    [{ logs: [{ text: 'a' }] }, 400, 'logs/0'],
    [{ logs: [{ contents: { a: 1 } }] }, 400, 'logs/0/contents/a'],
    [{ shrad: 1 }, 400, '"shard"'],
  ])('refuses %j with %i', async (changes, status, message) => {
    const reply = await ask('POST', 'logs', { ...there, logs: [{ contents: { a: 'b' } }], ...changes });
    expect(reply).toEqual({ status, json: { error: expect.stringContaining(message) } });
  });

  it('writes logs when the clock was moved beyond what a time on the wire can say', async () => {
    await service.started.store.advanceClock(5e12);
    expect(await put(0, 'a')).toMatchObject({ status: 201 });
  });

  it('refuses a log group that is too large, and a shard that was split', async () => {
    await service.close();
    service = await startService({ slsMaxLogGroupBytes: 1_024 });
    await setUp(service, { shardCount: 2 });
    expect(await put(0, 'x'.repeat(2_000))).toMatchObject({
      status: 400,
      json: { error: expect.stringMatching(/bytes of at most 1024; SLS_MAX_LOG_GROUP_BYTES/) },
    });
    await ask('POST', 'shards/split', { ...there, shard: 0 });
    expect(await put(0, 'a')).toMatchObject({
      status: 409,
      json: { error: 'shard 0 is read-only: it was split or merged' },
    });
  });
});

describe('GET /_heartbeatd/sls/shards', () => {
  it('returns the lag of a group in log groups and seconds', async () => {
    await put(0, 'a');
    await service.pass(10);
    await put(0, 'b');
    await service.pass(5);
    expect(await lags()).toEqual([
      [2, 15],
      [0, 0],
    ]);
    await checkpoints({ shard: 0, to: startMs / 1_000 + 1 });
    expect(await lags()).toEqual([
      [1, 5],
      [0, 0],
    ]);
    await checkpoints({ to: 'end' });
    expect(await lags()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('tells that a checkpoint is no cursor of its shard', async () => {
    const url = '/logstores/my-logstore/consumergroups/cg?type=checkpoint&forceSuccess=true';
    await service.call('POST', url, { shard: 0, checkpoint: 'bXkgb3du' });
    const [{ lag }] = (await shards('cg')).json.shards;
    expect(lag).toMatchObject({ checkpoint: 'bXkgb3du', entries: null, seconds: null });
  });

  it('shows which shards were split and merged from which', async () => {
    await ask('POST', 'shards/split', { ...there, shard: 0, parts: 3 });
    await ask('POST', 'shards/merge', { ...there, shard: 2 });
    const { json } = await shards();
    expect(
      json.shards.map(({ shardID, status, parents }: Record<string, unknown>) => [shardID, status, parents]),
    ).toEqual([
      [0, 'readonly', []],
      [1, 'readwrite', []],
      [2, 'readonly', [0]],
      [3, 'readonly', [0]],
      [4, 'readwrite', [0]],
      [5, 'readwrite', [2, 3]],
    ]);
    expect(json.shards[0]).not.toHaveProperty('lag');
  });

  it('is 404 for a logstore or a group that is unknown, and creates nothing', async () => {
    const other = await startService({ slsAutoCreate: true });
    const url = '/_heartbeatd/sls/shards?project=my-project&logstore=logs';
    const reply = await other.started.app.inject({ url, headers: { host: '127.0.0.1' } });
    expect([reply.statusCode, await other.started.store.tenants()]).toEqual([404, []]);
    await other.close();
    expect(await shards('gc')).toEqual({
      status: 404,
      json: { error: 'no consumer group gc of the logstore my-logstore; did you mean "cg"?' },
    });
  });
});

describe('POST /_heartbeatd/sls/shards/split and merge', () => {
  it('split at a key whose last digits are left out', async () => {
    const { status, json } = await ask('POST', 'shards/split', { ...there, shard: 0, key: '2' });
    expect([status, json.shards[1].exclusiveEndKey]).toEqual([200, `2${'0'.repeat(31)}`]);
  });

  it.each([
    ['split', { shard: 9 }, 404, 'no shard 9'],
    ['split', { shard: 0, key: 'f' }, 400, 'the keys of shard 0 are 0000'],
    ['split', { shard: 0, key: 'xyz' }, 400, 'key'],
    ['split', { shard: 0, key: '2', parts: 2 }, 400, 'name one of them'],
    ['split', { shard: 0, parts: 1 }, 400, 'parts'],
    ['split', { shard: 0, parts: 64 }, 409, 'SLS_MAX_SHARDS'],
    ['merge', { shard: 1 }, 400, 'no neighbour to the right'],
    ['merge', { shard: 9 }, 404, 'no shard 9'],
    ['merge', { shard: 0, project: 'other' }, 404, 'no logstore my-logstore in the project other'],
  ])('refuses to %s %j with %i', async (action, changes, status, message) => {
    const few = await startService({ slsMaxShards: 16 });
    await setUp(few, { shardCount: 2 });
    const reply = await few.started.app.inject({
      method: 'POST',
      url: `/_heartbeatd/sls/shards/${action}`,
      headers: { host: '127.0.0.1' },
      payload: JSON.stringify({ ...there, ...changes }),
    });
    await few.close();
    expect([reply.statusCode, reply.json()]).toEqual([status, { error: expect.stringContaining(message) }]);
  });

  it('refuses a shard that was split before', async () => {
    await ask('POST', 'shards/split', { ...there, shard: 0 });
    for (const action of ['split', 'merge'])
      expect(await ask('POST', `shards/${action}`, { ...there, shard: 0 })).toMatchObject({
        status: 409,
        json: { error: expect.stringContaining('shard 0 is read-only') },
      });
  });
});

describe('POST /_heartbeatd/sls/checkpoints', () => {
  it('sets every shard to its begin, without regard to its owner', async () => {
    await settle('c1');
    const { json } = await checkpoints({ to: 'begin' });
    expect(json.checkpoints).toEqual([
      { shard: 0, checkpoint: await cursor('begin', 0) },
      { shard: 1, checkpoint: await cursor('begin', 1) },
    ]);
  });

  it('reads a time in ISO 8601', async () => {
    await put(0, 'a');
    await service.pass(10);
    const { json } = await put(0, 'b');
    const to = new Date(startMs + 4_200).toISOString();
    expect((await checkpoints({ shard: 0, to })).json.checkpoints).toEqual([
      { shard: 0, checkpoint: json.cursor },
    ]);
  });

  it('at the end of a split shard lets its children be consumed where the group keeps order', async () => {
    expect(await settle('c1')).toEqual([0, 1]);
    await put(0, 'a');
    await ask('POST', 'shards/split', { ...there, shard: 0 });
    expect(JSON.parse(await beat('c1', [0, 1]))).toEqual([0, 1]);
    await checkpoints({ shard: 0, to: 'end' });
    expect(await settle('c1', [0, 1])).toEqual([1, 2, 3]);
  });

  it.each([
    [{ to: 'yesterday' }, 400, 'to: "yesterday" is not begin, end'],
    [{ to: '2026-99-99' }, 400, 'to: "2026-99-99" is not'],
    [{ to: -1 }, 400, 'to: -1 is not'],
    [{ to: 1_700_000_000_000 }, 400, 'to: 1700000000000 is not'],
    [{ to: null }, 400, 'to'],
    [{}, 400, 'to'],
    [{ to: 'end', shard: 9 }, 404, 'no shard 9'],
    [{ to: 'end', group: 'nope' }, 404, 'no consumer group nope'],
    [{ to: 'end', logstore: 'nope' }, 404, 'no logstore nope'],
  ])('refuses %j with %i', async (changes, status, message) => {
    const reply = await checkpoints(changes);
    expect(reply).toEqual({ status, json: { error: expect.stringContaining(message) } });
  });
});
