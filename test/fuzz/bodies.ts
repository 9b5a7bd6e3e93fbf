/** Bodies that are more than JSON: logs as protocol buffers, compressed or not, truncated, or with another size than they say. */
import { deflateSync, zstdCompressSync } from 'node:zlib';
import lz4 from 'lz4-napi';
import type { Random } from '../random.ts';
import { oddText, oddValue } from './values.ts';

/** A body and the headers that describe it, rightly or wrongly. */
export interface Described {
  readonly body: Buffer;
  readonly headers: readonly (readonly [string, string])[];
}

/** A LogGroup of one log. */
const logGroup = Buffer.from(
  '0a1e08f8b2939e0512160a07546573744b6579120b54657374436f6e74656e741a027431220831302e302e302e31320a0a03656e761203646576',
  'hex',
);

const compressions: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  '': (body) => body,
  // Without the size that the library puts in front.
  lz4: (body) => lz4.compressSync(body).subarray(4),
  deflate: (body) => deflateSync(body),
  zstd: (body) => zstdCompressSync(body),
};

/** Returns logs as a client of SLS writes them, broken now and then. */
export function logsBody(random: Random): Described {
  if (random.chance(0.25)) {
    const logs = random.chance(0.7) ? { __logs__: [{ a: oddText(random) }] } : oddValue(random);
    return { body: Buffer.from(JSON.stringify(logs)), headers: [['content-type', 'application/json']] };
  }
  const raw = breakBytes(Buffer.concat(Array.from({ length: 1 + random.below(3) }, () => logGroup)), random);
  const name = random.pick(Object.keys(compressions));
  const said = random.chance(0.9) ? name : random.pick(['', 'lz4', 'deflate', 'zstd', 'snappy']);
  const size = random.chance(0.9)
    ? String(raw.length)
    : random.pick(['0', '-1', 'x', '99999999999', '4', '10485761']);
  const headers: [string, string][] = [
    ['content-type', random.chance(0.95) ? 'application/x-protobuf' : 'application/json'],
    ['x-log-bodyrawsize', size],
  ];
  if (said !== '') headers.push(['x-log-compresstype', said]);
  if (random.chance(0.1)) headers.push(['x-log-mode', 'batch_group']);
  return { body: breakBytes((compressions[name] ?? ((body) => body))(raw), random), headers };
}

/** Returns the bytes, and in one case of four truncated, with other bytes in them, or with more behind them. */
export function breakBytes(bytes: Buffer, random: Random): Buffer {
  if (random.chance(0.75)) return bytes;
  switch (random.below(3)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length + 1));
    case 1: {
      const changed = Buffer.from(bytes);
      for (let times = 1 + random.below(4); times > 0 && changed.length > 0; times -= 1)
        changed[random.below(changed.length)] = random.below(256);
      return changed;
    }
    default:
      return Buffer.concat([
        bytes,
        Buffer.from(Array.from({ length: random.below(20) }, () => random.below(256))),
      ]);
  }
}
