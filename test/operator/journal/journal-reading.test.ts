/** What a reader of the journal sees of each vendor's requests: decoded bodies, lease time, and what a call did. */
import { deflateSync, zstdCompressSync } from 'node:zlib';
import lz4 from 'lz4-napi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLogGroup } from '../../../src/protocols/sls/logs/codec/log-group.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ slsAutoCreate: true });
});
afterEach(() => started.close());

const host = 'demo.cn-hangzhou.log.aliyuncs.com';
const operator = async (method: 'GET' | 'POST', path: string, payload?: object) =>
  (
    await started.app.inject({
      method,
      url: `/_heartbeatd${path}`,
      ...(payload === undefined ? {} : { payload }),
    })
  ).json();
const entries = async (query = '') => (await operator('GET', `/journal${query}`)).entries;
const newest = async () => (await entries('?order=newest&limit=1'))[0];

const raw = Buffer.from(
  encodeLogGroup({ topic: 't', source: 's', tags: { env: 'dev' }, time: 9, logs: [{ level: 'warn' }] }),
);
const put = (body: Buffer, compression?: string) =>
  started.app.inject({
    method: 'POST',
    url: '/logstores/logs/shards/lb',
    headers: {
      host,
      'content-type': 'application/x-protobuf',
      'x-log-bodyrawsize': String(raw.length),
      ...(compression === undefined ? {} : { 'x-log-compresstype': compression }),
    },
    payload: body,
  });

describe('the body of an SLS write', () => {
  it.each([
    ['not compressed', () => put(raw)],
    ['lz4', () => put(lz4.compressSync(raw).subarray(4), 'lz4')],
    ['deflate', () => put(deflateSync(raw), 'deflate')],
    ['zstd', () => put(zstdCompressSync(raw), 'zstd')],
  ] as const)('%s: is shown decoded, and selected by its members', async (_form, write) => {
    expect((await write()).statusCode).toBe(200);
    const body = encodeURIComponent(JSON.stringify({ 'logs.0.contents.level': 'warn', topic: 't' }));
    expect(await entries(`?body=${body}`)).toMatchObject([
      {
        operation: 'PutLogs',
        request: {
          body: { topic: 't', source: 's', tags: { env: 'dev' }, logs: [{ contents: { level: 'warn' } }] },
        },
        meaning: { written: 1, logGroups: 1 },
      },
    ]);
    const other = encodeURIComponent(JSON.stringify({ 'logs.0.contents.level': 'info' }));
    expect(await entries(`?body=${other}`)).toEqual([]);
  });

  it('that is not what its headers tell is shown as it was sent', async () => {
    expect((await put(Buffer.from([0xff, 0x00, 0xfe]), 'lz4')).statusCode).toBe(400);
    expect(await newest()).toMatchObject({
      request: { body: '/wD+', bodyEncoding: 'base64', bodyBytes: 3 },
      meaning: { refused: 'PostBodyUncompressError' },
    });
  });

  it('is not decompressed beyond a bound', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(2 * 1_024 * 1_024));
    await started.app.inject({
      method: 'POST',
      url: '/logstores/logs/shards/lb',
      headers: {
        host,
        'content-type': 'application/x-protobuf',
        'x-log-bodyrawsize': String(2 * 1_024 * 1_024),
        'x-log-compresstype': 'zstd',
      },
      payload: bomb,
    });
    expect(await newest()).toMatchObject({ request: { bodyEncoding: 'base64', bodyBytes: bomb.length } });
  });
});

it('the reply to a pull is shown decoded', async () => {
  await put(raw);
  const get = (url: string) => started.app.inject({ url, headers: { host, 'accept-encoding': 'lz4' } });
  for (const shard of [0, 1]) {
    const { cursor } = (await get(`/logstores/logs/shards/${shard}?type=cursor&from=begin`)).json();
    await get(`/logstores/logs/shards/${shard}?type=logs&cursor=${encodeURIComponent(cursor)}&count=10`);
  }
  const pulls = await entries('?operation=PullLogs');
  expect(pulls.map(({ meaning }: { meaning: { read: number } }) => meaning.read).sort()).toEqual([0, 1]);
  const full = pulls.find(({ meaning }: { meaning: { read: number } }) => meaning.read === 1);
  expect(full.reply.body).toMatchObject([{ topic: 't', logs: [{ contents: { level: 'warn' } }] }]);
});

describe('the meaning of an exchange', () => {
  const createGroup = async () => {
    await put(raw);
    const created = await started.app.inject({
      method: 'POST',
      url: '/logstores/logs/consumergroups',
      headers: { host },
      payload: { consumerGroup: 'cg', timeout: 60, order: false },
    });
    expect(created.statusCode).toBe(200);
  };
  const beat = (consumer: string, held: readonly number[]) =>
    started.app.inject({
      method: 'POST',
      url: `/logstores/logs/consumergroups/cg?type=heartbeat&consumer=${consumer}`,
      headers: { host },
      payload: JSON.stringify(held),
    });

  it('tells which shards an SLS consumer keeps, gets and has to give up', async () => {
    await createGroup();
    await beat('c1', []);
    expect((await newest()).meaning).toEqual({
      renewed: true,
      joined: true,
      held: [],
      assigned: [0, 1],
      revoked: [],
    });
    await beat('c1', [0, 1]);
    expect((await newest()).meaning).toEqual({ renewed: true, held: [0, 1], assigned: [], revoked: [] });
    await beat('c2', []);
    await beat('c1', [0, 1]);
    const { meaning } = await newest();
    expect([meaning.held.length, meaning.revoked.length]).toEqual([1, 1]);
  });

  it('names the error of a consumer that is refused', async () => {
    await createGroup();
    await beat('c1', []);
    await beat('ghost', [0]);
    expect((await newest()).meaning).toEqual({ renewed: false, refused: 'NotExistConsumerWithBody' });
  });

  it('separates the channels that a uuid joined from those it renewed', async () => {
    const url = (channels: string) => `/v2/presence/sub-key/demo/channel/${channels}/heartbeat?uuid=ann`;
    await started.app.inject(url('lobby'));
    expect((await newest()).meaning).toEqual({ renewed: [], joined: ['lobby'] });
    await started.app.inject(url('lobby,den'));
    expect((await newest()).meaning).toEqual({ renewed: ['lobby'], joined: ['den'] });
    await started.app.inject('/v2/presence/sub-key/demo/channel/den/leave?uuid=ann');
    expect((await newest()).meaning).toEqual({ left: ['den'] });
  });

  it('names the token that a PBX application renewed, or why it was refused', async () => {
    const login = { username: 'api', password: '84fe4741b37204d9f2ff3665811f449d', port: '8260' };
    const { token } = (
      await started.app.inject({ method: 'POST', url: '/api/v1.1.0/login', payload: login })
    ).json();
    expect((await newest()).meaning).toMatchObject({ loggedIn: true });
    await started.app.inject({ method: 'POST', url: `/api/v1.1.0/heartbeat?token=${token}` });
    expect((await newest()).meaning).toEqual({ renewed: true, token });
    await started.app.inject({ method: 'POST', url: '/api/v1.1.0/heartbeat?token=x' });
    expect((await newest()).meaning).toEqual({ renewed: false, refused: '20004', token: 'x' });
  });
});

it('requests and events carry the time of the lease clock of their tenant', async () => {
  await started.store.freezeClock('presence/demo');
  const { leaseMs } = await started.store.readClock('presence/demo');
  await started.store.advanceClock(5_000, 'presence/demo');
  await started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
  expect(await newest()).toMatchObject({ leaseMs: leaseMs + 5_000 });
  const verdict = await operator('POST', '/verify', { of: 'events', match: { type: 'lease.granted' } });
  expect(verdict.entries).toMatchObject([{ leaseMs: leaseMs + 5_000 }]);
});

it('an entry names the events that followed from it', async () => {
  await started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
  const { entries: granted } = await operator('POST', '/verify', {
    of: 'events',
    match: { type: 'lease.granted', holder: 'ann' },
  });
  expect((await newest()).caused).toContain(granted[0].seq);
});

it('events can be waited for while the journal is off, and an assertion on requests says that it is', async () => {
  const without = await startApp({ journal: 'off' });
  const verify = (payload: object) =>
    without.app.inject({ method: 'POST', url: '/_heartbeatd/verify', payload });
  const waiting = verify({ of: 'events', match: { type: 'lease.granted', holder: 'ann' }, within: '30s' });
  await without.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
  expect((await waiting).json()).toMatchObject({ satisfied: true, count: 1 });
  const refused = await verify({ match: { holder: 'ann' } });
  expect([refused.statusCode, refused.json().error]).toEqual([409, expect.stringContaining('JOURNAL=on')]);
  await without.close();
});
