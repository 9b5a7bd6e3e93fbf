/** The compressions of log bodies ("PutLogs", "PullLogs"): lz4 is the raw block format, deflate the zlib format, zstd itself. */
import { promisify } from 'node:util';
import { deflate, unzip, zstdCompress, zstdDecompress } from 'node:zlib';
import lz4 from 'lz4-napi';

export type Compression = 'lz4' | 'deflate' | 'zstd';

export function isCompression(name: string): name is Compression {
  return name === 'lz4' || name === 'deflate' || name === 'zstd';
}

/** Below this a thread of its own costs more than the work, bytes. */
const smallBytes = 64 * 1_024;
const sizeBytes = 4;

/** An lz4 block that holds nothing: one SDK fails on a body of no bytes. */
const emptyBlock = Uint8Array.of(0);

const zlib = {
  deflate: promisify(deflate),
  // One SDK sends gzip and calls it deflate: this reads both.
  unzip: promisify<Uint8Array, { maxOutputLength: number }, Buffer>(unzip),
  zstdCompress: promisify(zstdCompress),
  zstdDecompress: promisify<Uint8Array, { maxOutputLength: number }, Buffer>(zstdDecompress),
};

export async function compress(raw: Buffer, compression: Compression): Promise<Uint8Array> {
  if (compression === 'deflate') return zlib.deflate(raw);
  if (compression === 'zstd') return zlib.zstdCompress(raw);
  if (raw.length === 0) return emptyBlock;
  // The library puts the size in front, which the vendor sends in a header.
  const sized = raw.length < smallBytes ? lz4.compressSync(raw) : await lz4.compress(raw);
  return sized.subarray(sizeBytes);
}

/** Bytes that must decompress to exactly `rawSize`. Rejects if they do not; never takes more memory than that. */
export async function decompress(body: Buffer, compression: Compression, rawSize: number): Promise<Buffer> {
  const raw = await decompressed(body, compression, rawSize);
  if (raw.length !== rawSize) throw new RangeError(`${raw.length} bytes, not ${rawSize}`);
  return raw;
}

function decompressed(body: Buffer, compression: Compression, rawSize: number): Promise<Buffer> {
  // At least one: zlib takes 0 for no limit at all.
  const limit = { maxOutputLength: Math.max(rawSize, 1) };
  if (compression === 'deflate') return zlib.unzip(body, limit);
  if (compression === 'zstd') return zlib.zstdDecompress(body, limit);
  const sized = Buffer.allocUnsafe(sizeBytes + body.length);
  sized.writeUInt32LE(rawSize);
  body.copy(sized, sizeBytes);
  return lz4.uncompress(sized);
}
