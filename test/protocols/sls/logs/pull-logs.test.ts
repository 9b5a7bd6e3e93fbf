/** Logs that were put, found and pulled over HTTP. */
import { deflateSync, gzipSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
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
import { fromLz4Block, list, logClient, lz4Block, protobuf, step } from './log-client.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const { put, putText, cursor, pull } = logClient(() => service);

describe('a log group that was put', () => {
  it.each([
    ['uncompressed', '', (raw: Buffer) => raw],
    ['in lz4', 'lz4', lz4Block],
    ['in deflate', 'deflate', (raw: Buffer) => deflateSync(raw)],
    ['in gzip, named deflate', 'deflate', (raw: Buffer) => gzipSync(raw)],
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

  it('is returned with the accepted compression and the headers that clients read', async () => {
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

  it('is paged by count and end cursor; at the end the cursor repeats and the block is empty', async () => {
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

  it('is pulled with both names of the type, and HEAD returns the headers only', async () => {
    await put(sampleGroup);
    const url = `${logstore}/shards/0?cursor=${encodeURIComponent(await cursor('begin'))}`;
    expect((await service.call('GET', `${url}&type=logs`)).headers['x-log-count']).toBe('1');
    const head = await service.call('HEAD', `${url}&type=log`);
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['x-log-count']).toBe('1');
  });

  it('is found by the time at which it was received', async () => {
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
    expect((await timeOf(step(begin, 6))).json).toEqual({ cursor_time: seconds + 30 });
    expect(await timeOf(step(begin, 7))).toMatchObject(refused(400, 'InvalidCursor'));
  });

  it('goes to the shard whose range contains its hash key, or to the shards in turn', async () => {
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
    await route('C');
    expect(await ends()).toEqual([2, 4, 2, 4]);
    for (const key of ['', 'g', '0'.repeat(33)])
      expect(await route(key)).toMatchObject(refused(400, 'ParameterInvalid'));
    expect(await put(sampleGroup, {}, `${logstore}/shards/route`)).toMatchObject(
      refused(400, 'ParameterInvalid'),
    );
  });

  it('stays readable in a read-only shard, whose end is fixed', async () => {
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

  it('is deleted with its logstore, even if one with the same name is created at once', async () => {
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
  it('both stop writing to a shard that one of them split', async () => {
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
