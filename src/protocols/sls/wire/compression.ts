/** Compression of log bodies ("PutLogs", "PullLogs"): raw lz4 blocks, zlib (named deflate) and zstd. */
import { promisify } from 'node:util';
import { deflate, unzip, zstdCompress, zstdDecompress } from 'node:zlib';
import lz4 from 'lz4-napi';

export type Compression = 'lz4' | 'deflate' | 'zstd';

/** Whether the name is one of a compression that the service knows. */
export function isCompression(name: string): name is Compression {
  return name === 'lz4' || name === 'deflate' || name === 'zstd';
}

/** Smaller bodies are compressed on the main thread: handing them to another one costs more, bytes. */
const smallBytes = 64 * 1_024;
const sizeBytes = 4;

/** An lz4 block of no bytes. One SDK fails on an empty body. */
const emptyBlock = Uint8Array.of(0);

const zlib = {
  deflate: promisify(deflate),
  // Reads zlib and gzip: one SDK sends gzip and names it deflate.
  unzip: promisify<Uint8Array, { maxOutputLength: number }, Buffer>(unzip),
  zstdCompress: promisify(zstdCompress),
  zstdDecompress: promisify<Uint8Array, { maxOutputLength: number }, Buffer>(zstdDecompress),
};

/** Compresses a body. */
export async function compress(raw: Buffer, compression: Compression): Promise<Uint8Array> {
  if (compression === 'deflate') return zlib.deflate(raw);
  if (compression === 'zstd') return zlib.zstdCompress(raw);
  if (raw.length === 0) return emptyBlock;
  // The library prefixes the size, which the vendor sends in a header.
  const sized = raw.length < smallBytes ? lz4.compressSync(raw) : await lz4.compress(raw);
  return sized.subarray(sizeBytes);
}

/** Decompresses a body to exactly `rawSize` bytes, and never uses more memory than that. Rejects if the size differs. */
export async function decompress(body: Buffer, compression: Compression, rawSize: number): Promise<Buffer> {
  const raw = await decompressUpTo(body, compression, rawSize);
  if (raw.length !== rawSize) throw new RangeError(`${raw.length} bytes, not ${rawSize}`);
  return raw;
}

function decompressUpTo(body: Buffer, compression: Compression, rawSize: number): Promise<Buffer> {
  // At least 1: zlib takes 0 for no limit.
  const limit = { maxOutputLength: Math.max(rawSize, 1) };
  if (compression === 'deflate') return zlib.unzip(body, limit);
  if (compression === 'zstd') return zlib.zstdDecompress(body, limit);
  const sized = Buffer.allocUnsafe(sizeBytes + body.length);
  sized.writeUInt32LE(rawSize);
  body.copy(sized, sizeBytes);
  return lz4.uncompress(sized);
}
