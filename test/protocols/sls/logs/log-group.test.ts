import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countLogs,
  encodeLogGroup,
  encodeLogGroupList,
} from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { decodeCursor, encodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
import { firstCursor } from '../../../../src/protocols/sls/resources/shards/origin.ts';
import { compress, decompress } from '../../../../src/protocols/sls/wire/compression.ts';
import { sampleGroup } from '../service.ts';

const sample = {
  topic: 't1',
  source: '10.0.0.1',
  tags: { env: 'dev' },
  time: 1_405_409_656,
  logs: [{ TestKey: 'TestContent' }],
};

describe('log groups', () => {
  it('are encoded as the documents show', () => {
    expect(Buffer.from(encodeLogGroup(sample)).toString('hex')).toBe(sampleGroup.toString('hex'));
    expect(encodeLogGroupList([sampleGroup]).toString('hex')).toBe(`0a3a${sampleGroup.toString('hex')}`);
  });

  it('may contain nanoseconds, unknown fields and any number of logs', () => {
    const log = '0a2308f8b2939e0512160a07546573744b6579120b54657374436f6e74656e742515cd5b07';
    expect(countLogs(Buffer.from(`${log}${log}7a0178`, 'hex'))).toBe(2);
    expect(countLogs(Buffer.alloc(0))).toBe(0);
  });

  it.each([
    ['cut off', '0a1e08f8b2'],
    ['a log that is longer than the group', '0aff0108f8b2939e05'],
    ['a log without its time', '0a180a1612160a07546573744b6579120b54657374436f6e74656e74'],
    ['a key without a value', '0a0908f8b2939e0512030a0161'],
    ['logs that are no messages', '0801'],
    ['text', Buffer.from('{"logs":[]}').toString('hex')],
  ])('are not decoded from %s', (_what, hex) => {
    expect(() => countLogs(Buffer.from(hex, 'hex'))).toThrow();
  });

  it('of any contents are counted; any other bytes throw or are counted', () => {
    const texts = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 20 }), texts, fc.string(), (logs, tags, topic) => {
        expect(countLogs(encodeLogGroup({ ...sample, logs, tags, topic }))).toBe(logs.length);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(countLogs(bytes)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('compression', () => {
  it.each(['lz4', 'deflate', 'zstd'] as const)('%s restores the input of any size', async (name) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2_000 }),
        fc.integer({ min: 1, max: 100 }),
        async (bytes, times) => {
          const raw = Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)));
          const packed = Buffer.from(await compress(raw, name));
          expect((await decompress(packed, name, raw.length)).equals(raw)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(['lz4', 'deflate', 'zstd'] as const)('%s refuses a wrong size and invalid bytes', async (name) => {
    const raw = Buffer.from('hello '.repeat(100));
    const packed = Buffer.from(await compress(raw, name));
    for (const size of [0, raw.length - 1, raw.length + 1])
      await expect(decompress(packed, name, size)).rejects.toThrow();
    await expect(decompress(Buffer.from('rubbish that is none of these'), name, 100)).rejects.toThrow();
  });

  it('of an empty body is one zero byte in lz4', async () => {
    expect(Buffer.from(await compress(Buffer.alloc(0), 'lz4')).toString('hex')).toBe('00');
  });

  it('decodes an lz4 block of one literal run, as simple clients send it', async () => {
    const list = encodeLogGroupList([sampleGroup]);
    const block = Buffer.concat([Buffer.from([0xf0, list.length - 15]), list]);
    expect((await decompress(block, 'lz4', list.length)).equals(list)).toBe(true);
  });
});

describe('cursors', () => {
  it('are base64 of a decimal number', () => {
    expect(decodeCursor('MTQ0NzMyOTQwMTEwMjEzMDkwNA==')).toBe(1_447_329_401_102_130_904n);
    expect(encodeCursor(1_447_329_401_102_130_904n)).toBe('MTQ0NzMyOTQwMTEwMjEzMDkwNA==');
    expect(firstCursor(1_447_329_401)).toBe(1_447_329_401_000_000_000n);
  });

  it.each(['', 'x', 'MTQ0NzMyOTQwMTEwMjEzMDkwN', 'YWJj', 'LTE=', 'OTk5OTk5OTk5OTk5OTk5OTk5OTk='])(
    '%j is not one',
    (text) => {
      expect(decodeCursor(text)).toBeUndefined();
    },
  );
});
