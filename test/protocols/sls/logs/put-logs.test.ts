/** Bodies of PutLogs: batches, JSON, and small bodies that stand for large ones. */
import { deflateSync, zstdCompressSync } from 'node:zlib';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLogGroup } from '../../../../src/protocols/sls/logs/codec/decode-log-group.ts';
import {
  countLogs,
  encodeLogGroup,
  LogGroupTooLong,
} from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { logstore, refused, type Service, sampleGroup, setUp, startMs, startService } from '../service.ts';
import { list, logClient, lz4Block } from './log-client.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const { put, cursor, pull } = logClient(() => service);
const now = startMs / 1_000;

/** Returns the log groups of shard 0, decoded. */
async function written() {
  const { bytes } = await pull(await cursor('begin'));
  const groups = [];
  for (let at = 0; at < bytes.length; ) {
    let [length, shift] = [0, 0];
    at += 1;
    for (let byte = 0x80; byte >= 0x80; at += 1, shift += 7) {
      byte = bytes[at] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    groups.push(decodeLogGroup(bytes.subarray(at, at + length)));
    at += length;
  }
  return groups;
}

/** Encodes packages: data, size before compression, kind of compression. */
function packages(
  ...all: readonly (readonly [data: Buffer, size?: number | undefined, kind?: number])[]
): Buffer {
  const writer = new BinaryWriter();
  for (const [data, size, kind] of all) {
    writer.uint32(10).fork();
    writer.uint32(10).bytes(data);
    if (size !== undefined) writer.uint32(16).int32(size);
    if (kind !== undefined) writer.uint32(24).int32(kind);
    writer.join();
  }
  return Buffer.from(writer.finish());
}
const batch = { 'x-log-mode': 'batch_group' };
const size = sampleGroup.length;

describe('a batch of log groups', () => {
  it('is stored as the log groups in it, whatever their compression', async () => {
    const body = packages(
      [lz4Block(sampleGroup), size],
      [sampleGroup, undefined, 0],
      [deflateSync(sampleGroup), size, 1],
      [lz4Block(sampleGroup), size, 2],
      [zstdCompressSync(sampleGroup), size, 3],
    );
    // Agents name the compression of the packages in the header; the list itself is not compressed.
    const headers = { ...batch, 'x-log-compresstype': 'lz4', 'x-log-bodyrawsize': String(5 * size) };
    expect(await put(body, headers)).toMatchObject({ status: 200, text: '' });
    const { bytes, headers: pulled } = await pull(await cursor('begin'));
    expect(pulled['x-log-count']).toBe('5');
    expect(bytes.toString('hex')).toBe(list(...Array.from({ length: 5 }, () => sampleGroup)));
  });

  it.each([
    ['no list', Buffer.from('rubbish'), 'PostBodyInvalid'],
    ['no log group', packages([Buffer.from('rubbish'), 7, 0]), 'PostBodyInvalid'],
    ['a package without data', Buffer.from('0a021001', 'hex'), 'PostBodyInvalid'],
    ['a compressed package without its size', packages([lz4Block(sampleGroup)]), 'PostBodyInvalid'],
    ['an unknown compression', packages([sampleGroup, size, 9]), 'PostBodyInvalid'],
    ['a wrong size', packages([lz4Block(sampleGroup), 20]), 'PostBodyUncompressError'],
    [
      'a package that would be too large',
      packages([lz4Block(sampleGroup), 2_000_000_000]),
      'PostBodyTooLarge',
    ],
    [
      'too many packages',
      packages(...Array.from({ length: 1_025 }, () => [sampleGroup, size, 0] as const)),
      'PostBodyTooLarge',
    ],
  ])('is refused as a whole if it contains %s', async (_what, bad, code) => {
    expect(await put(Buffer.concat([packages([sampleGroup, size, 0]), bad]), batch)).toMatchObject(
      refused(400, code),
    );
    expect(await cursor('begin')).toBe(await cursor('end'));
  });

  it('may be larger than one log group, up to a limit of its own', async () => {
    await service.close();
    service = await startService({ slsMaxLogGroupBytes: 1_024, slsMaxBatchBytes: 2_048 });
    await setUp(service, { shardCount: 1 });
    const many = (count: number) =>
      packages(...Array.from({ length: count }, () => [sampleGroup, size, 0] as const));
    expect((await put(many(20), batch)).status).toBe(200);
    expect(await put(many(40), batch)).toMatchObject(refused(400, 'PostBodyTooLarge'));
  });
});

describe('logs as JSON', () => {
  const body = {
    __topic__: 't',
    __tags__: { k: 'v' },
    __logs__: [{ a: '1' }, { b: '2', __time__: 1_700_000_000 }],
  };

  it('are accepted by PutLogs', async () => {
    expect((await service.call('POST', `${logstore}/shards/lb`, body)).status).toBe(200);
    expect(await written()).toEqual([
      {
        topic: 't',
        source: '',
        tags: { k: 'v' },
        logs: [
          { time: now, contents: { a: '1' } },
          { time: 1_700_000_000, contents: { b: '2' } },
        ],
      },
    ]);
  });

  it.each([{ __time__: -1 }, { __time__: 1.5 }, { __time__: 1e12 }, { __time__: 'soon' }, { a: null }])(
    'are refused with the log %j',
    async (log) => {
      expect(await service.call('POST', logstore, { __logs__: [log] })).toMatchObject(
        refused(400, 'PostBodyInvalid'),
      );
    },
  );
});

describe('a logstore that appends meta data', () => {
  it('adds the address of the client and the time of receipt to the tags of a log group', async () => {
    await service.call('PUT', logstore, { appendMeta: true });
    await put(sampleGroup);
    expect(await written()).toMatchObject([
      {
        topic: 't1',
        tags: { env: 'dev', __client_ip__: '127.0.0.1', __receive_time__: String(now) },
        logs: [{ time: 1_405_409_656, contents: { TestKey: 'TestContent' } }],
      },
    ]);
  });
});

describe('a small body that stands for a large one', () => {
  const repeated = (bytes: string, count: number): Buffer =>
    Buffer.alloc((bytes.length / 2) * count, bytes, 'hex');

  it.each([
    ['empty topics', repeated('1a00', 5_000_000), 'PostBodyTooLarge'],
    ['unknown fields', repeated('3800', 5_000_000), 'PostBodyTooLarge'],
    ['tags', repeated('32040a001200', 1_700_000), 'PostBodyTooLarge'],
    ['logs', repeated('0a020800', 2_500_000), 'PostBodyTooLarge'],
    ['groups, which no field is', repeated('3b3c', 5_000_000), 'PostBodyInvalid'],
    ['logs without a time', repeated('0a00', 5_000_000), 'PostBodyInvalid'],
  ])('of %s is refused', async (_what, raw, code) => {
    const body = zstdCompressSync(raw);
    expect(body.length).toBeLessThan(2_000);
    const headers = { 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': String(raw.length) };
    expect(await put(body, headers)).toMatchObject(refused(400, code));
  });

  it('is read no further than to the first field too many', () => {
    // What follows would be refused for another reason if it were read.
    const tail = Buffer.from('0b0b0b', 'hex');
    expect(() => countLogs(Buffer.concat([repeated('1a00', 1_025), tail]))).toThrow(LogGroupTooLong);
    expect(() => countLogs(Buffer.concat([repeated('0a020800', 4), tail]), 3)).toThrow(LogGroupTooLong);
    const pairs = Buffer.concat([Buffer.from('0800', 'hex'), repeated('12040a001200', 400_000)]);
    const one = new BinaryWriter().uint32(10).bytes(pairs).finish();
    expect(() => countLogs(Buffer.concat([one, tail]))).toThrow(LogGroupTooLong);
  });

  it('does not hinder log groups with many contents', () => {
    const log = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, 'v']));
    const logs = Array.from({ length: 200 }, () => log);
    expect(countLogs(encodeLogGroup({ topic: '', source: '', tags: {}, time: 1, logs }))).toBe(200);
  });
});
