import { deflateSync, gzipSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import lz4 from 'lz4-napi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
import { encodeLogGroup } from '../../../../src/protocols/sls/logs/log-group.ts';
import { startApp } from '../../../start-app.ts';
import {
  host,
  logstore,
  refused,
  type Service,
  sampleGroup,
  setUp,
  startMs,
  startService,
} from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const protobuf = 'application/x-protobuf';
const put = (body: Buffer, headers: Record<string, string> = {}, path = `${logstore}/shards/lb`) =>
  service.call('POST', path, body, {
    headers: { 'content-type': protobuf, 'x-log-bodyrawsize': String(body.length), ...headers },
  });
const putText = (value: string, time = 1) =>
  put(Buffer.from(encodeLogGroup({ topic: '', source: '', tags: {}, time, logs: [{ value }] })));
const cursor = async (from: string | number, shard = 0): Promise<string> =>
  (
    (await service.call('GET', `${logstore}/shards/${shard}?type=cursor&from=${from}`)).json as {
      cursor: string;
    }
  ).cursor;
const pull = (from: string, change: string = '', accept = '') =>
  service.call(
    'GET',
    `${logstore}/shards/0?type=log&cursor=${encodeURIComponent(from)}${change}`,
    undefined,
    {
      headers: { accept: protobuf, 'accept-encoding': accept },
    },
  );
const lz4Block = (raw: Buffer): Buffer => lz4.compressSync(raw).subarray(4);
const fromLz4Block = (block: Buffer, size: number): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(size);
  return lz4.uncompressSync(Buffer.concat([head, block]));
};
/** What a pull answers for these groups, uncompressed. */
const list = (...groups: Buffer[]): string =>
  groups.map((group) => `0a${group.length.toString(16).padStart(2, '0')}${group.toString('hex')}`).join('');
const step = (from: string, by: number): string => encodeCursor((decodeCursor(from) ?? 0n) + BigInt(by));

describe('what was put', () => {
  it.each([
    ['as it is', '', (raw: Buffer) => raw],
    ['in lz4', 'lz4', lz4Block],
    ['in deflate', 'deflate', (raw: Buffer) => deflateSync(raw)],
    ['in gzip, called deflate', 'deflate', (raw: Buffer) => gzipSync(raw)],
    ['in zstd', 'zstd', (raw: Buffer) => zstdCompressSync(raw)],
  ])('%s is pulled byte for byte', async (_what, name, compress) => {
    const headers = { 'x-log-bodyrawsize': String(sampleGroup.length) };
    const answer = await put(compress(sampleGroup), {
      ...headers,
      ...(name === '' ? {} : { 'x-log-compresstype': name }),
    });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers['content-type']).toBeUndefined();
    const { bytes } = await pull(await cursor('begin'));
    expect(bytes.toString('hex')).toBe(list(sampleGroup));
  });

  it('comes compressed as asked, with the headers that clients read', async () => {
    await put(sampleGroup);
    const begin = await cursor('begin');
    const raw = list(sampleGroup);
    const decoders: Record<string, (bytes: Buffer) => Buffer> = {
      lz4: (bytes) => fromLz4Block(bytes, raw.length / 2),
      deflate: inflateSync,
      zstd: zstdDecompressSync,
    };
    for (const [name, decode] of Object.entries(decoders)) {
      const { status, headers, bytes } = await pull(begin, '&count=1000', name);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': protobuf,
        'x-log-count': '1',
        'x-log-bodyrawsize': String(raw.length / 2),
        'x-log-compresstype': name,
        'x-log-cursor': step(begin, 1),
        'x-log-end-of-cursor': '1',
        'x-log-cursor-time': String(startMs / 1_000),
        'x-log-read-last-cursor': String(decodeCursor(begin)),
        'content-length': String(bytes.length),
      });
      expect(decode(bytes).toString('hex')).toBe(raw);
    }
    for (const list of ['', 'gzip, identity', 'gzip, deflate, br, zstd']) {
      const plain = await pull(begin, '', list);
      expect(plain.headers['x-log-compresstype']).toBeUndefined();
      expect(plain.bytes.toString('hex')).toBe(raw);
    }
  });

  it('is paged by count and by end cursor, and nothing new is the same cursor and an empty block', async () => {
    for (let at = 0; at < 5; at += 1) await putText(String(at));
    const begin = await cursor('begin');
    const end = await cursor('end');
    expect(end).toBe(step(begin, 5));
    let at = begin;
    for (let page = 0; page < 5; page += 1) {
      const { headers } = await pull(at, '&count=1', 'lz4');
      expect(headers).toMatchObject({ 'x-log-count': '1', 'x-log-end-of-cursor': page === 4 ? '1' : '0' });
      at = headers['x-log-cursor'] ?? '';
    }
    expect(at).toBe(end);
    const until = `&end_cursor=${encodeURIComponent(step(begin, 3))}`;
    expect((await pull(step(begin, 1), until)).headers).toMatchObject({
      'x-log-count': '2',
      'x-log-cursor': step(begin, 3),
      'x-log-end-of-cursor': '0',
    });
    const empty = await pull(end, '', 'lz4');
    expect(empty.headers).toMatchObject({
      'x-log-count': '0',
      'x-log-bodyrawsize': '0',
      'x-log-cursor': end,
      'x-log-compresstype': 'lz4',
      'x-log-end-of-cursor': '1',
    });
    expect(empty.bytes.toString('hex')).toBe('00');
    expect((await pull(end)).bytes).toHaveLength(0);
    expect((await pull(begin, '&count=0')).headers['x-log-count']).toBe('0');
  });

  it('is pulled under both names of the type, and HEAD tells without the logs', async () => {
    await put(sampleGroup);
    const url = `${logstore}/shards/0?cursor=${encodeURIComponent(await cursor('begin'))}`;
    expect((await service.call('GET', `${url}&type=logs`)).headers['x-log-count']).toBe('1');
    const head = await service.call('HEAD', `${url}&type=log`);
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['x-log-count']).toBe('1');
  });

  it('is found by the time of its receipt', async () => {
    const seconds = startMs / 1_000;
    for (let at = 0; at < 6; at += 1) {
      await putText(String(at));
      if (at % 2 === 1) await service.pass(10);
    }
    const begin = await cursor('begin');
    const found = async (from: number): Promise<number> =>
      Number((decodeCursor(await cursor(from)) ?? 0n) - (decodeCursor(begin) ?? 0n));
    expect(await Promise.all([-100, 0, 1, 10, 11, 20, 21].map((after) => found(seconds + after)))).toEqual([
      0, 0, 2, 2, 4, 4, 6,
    ]);
    const timeOf = (text: string) =>
      service.call('GET', `${logstore}/shards/0?type=cursor_time&cursor=${encodeURIComponent(text)}`);
    expect((await timeOf(step(begin, 3))).json).toEqual({ cursor_time: seconds + 10 });
    expect(await timeOf(step(begin, 6))).toMatchObject(refused(400, 'InvalidCursor'));
  });

  it('goes to the shard whose range holds its hash key, or to each in turn', async () => {
    await service.call('DELETE', logstore);
    await setUp(service, { shardCount: 4 });
    const ends = async (): Promise<number[]> =>
      Promise.all(
        [0, 1, 2, 3].map(async (shard) => {
          const [begin, end] = [await cursor('begin', shard), await cursor('end', shard)];
          return Number((decodeCursor(end) ?? 0n) - (decodeCursor(begin) ?? 0n));
        }),
      );
    const route = (key: string) => put(sampleGroup, {}, `${logstore}/shards/route?key=${key}`);
    await route(`4${'0'.repeat(31)}`);
    await route(`4${'0'.repeat(31)}`);
    await route('f'.repeat(32));
    expect(await ends()).toEqual([0, 2, 0, 1]);
    for (let at = 0; at < 8; at += 1)
      await put(sampleGroup, {}, at % 2 === 0 ? logstore : `${logstore}/shards/lb`);
    expect(await ends()).toEqual([2, 4, 2, 3]);
    expect(await route('1')).toMatchObject(refused(400, 'ParameterInvalid'));
    expect(await put(sampleGroup, {}, `${logstore}/shards/route`)).toMatchObject(
      refused(400, 'ParameterInvalid'),
    );
  });

  it('stays readable in a shard that takes no more, and the end is fixed', async () => {
    await put(sampleGroup);
    await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`);
    for (let at = 0; at < 6; at += 1) await put(sampleGroup);
    expect(await cursor('end')).toBe(step(await cursor('begin'), 1));
    expect((await pull(await cursor('begin'))).headers['x-log-count']).toBe('1');
    expect(await service.call('DELETE', `${logstore}/shards/1`)).toMatchObject(
      refused(400, 'ParameterInvalid', 'invalid shard id'),
    );
    expect((await service.call('DELETE', `${logstore}/shards/0`)).status).toBe(200);
    expect(await pull('MQ==')).toMatchObject(refused(400, 'ShardNotExist', 'Shard 0 does not exist'));
  });

  it('is gone with its logstore, also where one of the same name follows at once', async () => {
    await put(sampleGroup);
    await service.call('DELETE', logstore);
    await setUp(service, { shardCount: 1 });
    expect(await cursor('begin')).toBe(await cursor('end'));
    await service.pass(1);
    await service.call('DELETE', logstore);
    await service.call('DELETE', '/');
    expect(await service.started.store.tenants()).toEqual([]);
  });
});

describe('two nodes', () => {
  it('close a shard for both, whatever one of them remembers', async () => {
    const other = await startApp({}, { store: service.started.store, wallMs: () => startMs });
    const putThere = () =>
      other.app.inject({
        method: 'POST',
        url: `${logstore}/shards/lb`,
        headers: { host, 'content-type': protobuf },
        payload: sampleGroup,
      });
    expect((await putThere()).statusCode).toBe(200);
    const end = await cursor('end');
    await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`);
    const many = await Promise.all(Array.from({ length: 20 }, putThere));
    expect(new Set(many.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    expect(await cursor('end')).toBe(end);
    const moved = [await cursor('begin', 1), await cursor('begin', 2)];
    expect(moved).not.toEqual([await cursor('end', 1), await cursor('end', 2)]);
    await service.call('DELETE', logstore);
    expect((await putThere()).json()).toMatchObject({ errorCode: 'LogStoreNotExist' });
    await other.app.close();
  });
});

describe('logs are bounded', () => {
  const start = async (change: Parameters<typeof startService>[0]): Promise<void> => {
    await service.close();
    service = await startService(change);
    await setUp(service, { shardCount: 1 });
  };

  it('in bytes a shard: the oldest go first, and their cursors are invalid', async () => {
    await start({ slsMaxShardBytes: 1_024 });
    const first = await cursor('begin');
    for (let at = 0; at < 30; at += 1) await put(sampleGroup);
    const begin = await cursor('begin');
    expect(begin).toBe(step(first, 30 - Math.floor(1_024 / (sampleGroup.length + 4))));
    expect(await cursor('end')).toBe(step(first, 30));
    expect((await pull(begin)).status).toBe(200);
    expect(await pull(first)).toMatchObject(refused(400, 'InvalidCursor', 'this cursor is invalid'));
  });

  it('in log groups a shard', async () => {
    await start({ slsMaxShardLogGroups: 3 });
    const first = await cursor('begin');
    for (let at = 0; at < 5; at += 1) await put(sampleGroup);
    expect(await cursor('begin')).toBe(step(first, 2));
  });

  it('in bytes and logs a group, however small it came', async () => {
    await start({ slsMaxLogGroupBytes: 100_000, slsMaxLogsPerGroup: 3 });
    const group = (count: number, size: number): Buffer =>
      Buffer.from(
        encodeLogGroup({
          topic: '',
          source: '',
          tags: {},
          time: 1,
          logs: Array.from({ length: count }, () => ({ value: 'x'.repeat(size) })),
        }),
      );
    expect((await put(group(3, 10))).status).toBe(200);
    expect(await put(group(4, 10))).toMatchObject(refused(400, 'PostBodyTooLarge'));
    const large = group(1, 100_001);
    expect(await put(large)).toMatchObject(refused(400, 'PostBodyTooLarge'));
    const headers = { 'x-log-bodyrawsize': String(large.length), 'x-log-compresstype': 'lz4' };
    expect(await put(lz4Block(large), headers)).toMatchObject(refused(400, 'PostBodyTooLarge'));
    expect(await put(lz4Block(large), { ...headers, 'x-log-bodyrawsize': '100' })).toMatchObject(
      refused(400, 'PostBodyUncompressError'),
    );
  });

  it('in bytes an answer', async () => {
    const large = Buffer.from(
      encodeLogGroup({ topic: '', source: '', tags: {}, time: 1, logs: [{ value: 'x'.repeat(4_000_000) }] }),
    );
    for (let at = 0; at < 4; at += 1) expect((await put(large)).status).toBe(200);
    const { headers } = await pull(await cursor('begin'), '', 'lz4');
    expect(headers['x-log-count']).toBe('2');
  });
});

describe('is refused', () => {
  const raw = { 'x-log-bodyrawsize': '58' };
  it.each<[string, Buffer, Record<string, string>, object]>([
    [
      'what is no log group',
      Buffer.from('rubbish'),
      {},
      refused(400, 'PostBodyInvalid', 'Protobuffer content cannot be parsed.'),
    ],
    [
      'another type',
      sampleGroup,
      { 'content-type': 'text/plain' },
      refused(415, 'InvalidContentType', 'Content-Type text/plain is unsupported.'),
    ],
    [
      'no type',
      sampleGroup,
      { 'content-type': '' },
      refused(
        400,
        'MissingContentType',
        'Content-Type does not exist in http header when body is not empty.',
      ),
    ],
    [
      'a compression that nobody knows',
      sampleGroup,
      { ...raw, 'x-log-compresstype': 'snappy' },
      refused(400, 'InvalidCompressType', 'x-log-compresstype snappy is unsupported.'),
    ],
    [
      'a compressed body without its size',
      lz4Block(sampleGroup),
      { 'x-log-bodyrawsize': '', 'x-log-compresstype': 'lz4' },
      refused(400, 'MissingBodyRawSize'),
    ],
    [
      'a size that is none',
      lz4Block(sampleGroup),
      { 'x-log-bodyrawsize': '-1', 'x-log-compresstype': 'lz4' },
      refused(400, 'InvalidBodyRawSize'),
    ],
    [
      'what does not decompress',
      sampleGroup,
      { ...raw, 'x-log-compresstype': 'lz4' },
      refused(400, 'PostBodyUncompressError', 'Failed to decompress logs.'),
    ],
  ])('%s', async (_what, body, headers, error) => {
    expect(await put(body, headers)).toMatchObject(error);
  });

  it('what is asked of logs that are not there, or wrongly', async () => {
    const cases: [string, string, object][] = [
      [
        'GET',
        `${logstore}/shards/9?type=log&cursor=MQ==`,
        refused(400, 'ShardNotExist', 'Shard 9 does not exist'),
      ],
      ['GET', `${logstore}/shards/x?type=log&cursor=MQ==`, refused(400, 'ShardNotExist')],
      [
        'GET',
        '/logstores/none/shards/0?type=log',
        refused(404, 'LogStoreNotExist', 'logstore none does not exist'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=log&cursor=MTQ0NzM`,
        refused(400, 'ParameterInvalid', 'Invalid cursor MTQ0NzM.'),
      ],
      ['GET', `${logstore}/shards/0?type=log`, refused(400, 'ParameterInvalid', 'Invalid cursor .')],
      [
        'GET',
        `${logstore}/shards/0?type=log&cursor=MQ==`,
        refused(400, 'InvalidCursor', 'this cursor is invalid'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=cursor&from=then`,
        refused(400, 'ParameterInvalid', 'Parameter From is not valid'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=cursor`,
        refused(400, 'ParameterInvalid', 'Parameter From is not valid'),
      ],
      ['GET', `${logstore}/shards/0?type=other`, refused(400, 'ParameterInvalid')],
      ['POST', '/logstores/none/shards/lb', refused(415, 'InvalidContentType')],
    ];
    for (const [method, url, error] of cases)
      expect(await service.call(method, url), url).toMatchObject(error);
    const begin = await cursor('begin');
    for (const count of ['1001', '-1', 'x'])
      expect(await pull(begin, `&count=${count}`)).toMatchObject(
        refused(400, 'ParameterInvalid', 'ParameterCount should be in [0-1000]'),
      );
    expect(await pull(begin, '&query=*')).toMatchObject(refused(400, 'ParameterInvalid'));
    expect(await put(sampleGroup, {}, '/logstores/none/shards/lb')).toMatchObject(
      refused(404, 'LogStoreNotExist'),
    );
  });
});

describe('web tracking', () => {
  const track = (body: unknown) => service.call('POST', `${logstore}/track`, body);
  const body = {
    __topic__: 't',
    __source__: 's',
    __tags__: { env: 'dev' },
    __logs__: [{ a: '1' }, { b: '2' }],
  };

  it('puts what a page sends, where the logstore allows it', async () => {
    expect(await track(body)).toMatchObject(refused(401, 'Unauthorized'));
    await service.call('PUT', logstore, { enable_tracking: true });
    expect(await track(body)).toMatchObject({ status: 200, text: '' });
    const query = 'APIVersion=0.6.0&__topic__=t&a=1';
    expect((await service.call('GET', `${logstore}/track?${query}`)).status).toBe(200);
    expect((await service.call('GET', `${logstore}/track_ua.gif?${query}`)).status).toBe(200);
    const { bytes, headers } = await pull(await cursor('begin'));
    expect(headers['x-log-count']).toBe('3');
    const time = startMs / 1_000;
    expect(bytes.subarray(2, bytes[1] === undefined ? 0 : 2 + bytes[1])).toEqual(
      Buffer.from(
        encodeLogGroup({
          topic: 't',
          source: 's',
          tags: { env: 'dev' },
          time,
          logs: [{ a: '1' }, { b: '2' }],
        }),
      ),
    );
  });

  it('lets pages of other origins ask whether they may', async () => {
    const { status, headers } = await service.call('OPTIONS', `${logstore}/track`);
    expect({ status, origin: headers['access-control-allow-origin'] }).toEqual({ status: 200, origin: '*' });
    expect(headers['access-control-allow-headers']).toContain('x-log-apiversion');
  });

  it.each([{}, { __logs__: [] }, { __logs__: [{ a: 1 }] }, []])('refuses %j', async (wrong) => {
    await service.call('PUT', logstore, { enable_tracking: true });
    expect(await track(wrong)).toMatchObject(refused(400, 'PostBodyInvalid'));
  });
});

describe('quotas', () => {
  it('bound the consumers of a group, of whom the oldest stay', async () => {
    await service.close();
    service = await startService({ slsMaxConsumers: 2 });
    await setUp(service);
    const beat = (consumer: string, held: readonly number[] = []) =>
      service.call('POST', `${logstore}/consumergroups/cg?type=heartbeat&consumer=${consumer}`, held);
    await beat('a');
    await beat('b');
    expect(await beat('c')).toMatchObject(refused(403, 'ExceedQuota', 'consumer quota exceed'));
    expect((await beat('a', [0, 1, 2, 3])).status).toBe(200);
    await service.pass(60);
    expect((await beat('c')).status).toBe(200);
  });

  it('bound projects, logstores and shards', async () => {
    await service.close();
    service = await startService({ slsMaxProjects: 1, slsMaxLogstores: 1, slsMaxShards: 4 });
    await setUp(service, { shardCount: 3 });
    expect(await service.call('POST', '/', { projectName: 'second' })).toMatchObject(
      refused(403, 'ExceedQuota'),
    );
    expect(await service.call('POST', '/', { projectName: 'my-project' })).toMatchObject(
      refused(400, 'ProjectAlreadyExist'),
    );
    expect(await service.call('POST', '/logstores', { logstoreName: 'second' })).toMatchObject(
      refused(400, 'ProjectQuotaExceed', 'Project Quota Exceed'),
    );
    expect(await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`)).toMatchObject(
      refused(403, 'ExceedQuota'),
    );
    expect((await service.call('POST', `${logstore}/shards/0?action=merge`)).status).toBe(200);
  });
});
