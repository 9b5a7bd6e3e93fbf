/**
 * Several log groups in one body, each compressed on its own, as agents and producers send them with `x-log-mode: batch_group` (proto2):
 *
 *     SlsLogPackage     1 data bytes, 2 uncompress_size int32, 3 compress_type (0 none, 1 deflate, 2 lz4, 3 zstd; default lz4)
 *     SlsLogPackageList 1 packages
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Compression } from '../../wire/compression.ts';

export interface LogPackage {
  readonly data: Buffer;
  /** Bytes before compression. */
  readonly size: number;
  /** Undefined: not compressed. */
  readonly compression: Compression | undefined;
}

const compressions: readonly (Compression | undefined)[] = [undefined, 'deflate', 'lz4', 'zstd'];
const defaultCompression = 2;

/** Decodes a package list. Throws a RangeError for more than `maxPackages`, another Error for bytes that are none. */
export function decodePackages(body: Buffer, maxPackages: number): readonly LogPackage[] {
  const reader = new BinaryReader(body);
  const packages: LogPackage[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field !== 1 || type !== WireType.LengthDelimited) throw new TypeError('not a list of log packages');
    if (packages.length >= maxPackages) throw new RangeError('too many log packages');
    packages.push(decodePackage(reader.bytes()));
  }
  return packages;
}

function decodePackage(bytes: Uint8Array): LogPackage {
  const reader = new BinaryReader(bytes);
  let data: Uint8Array | undefined;
  let [size, kind] = [-1, defaultCompression];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) data = reader.bytes();
    else if (field === 2 && type === WireType.Varint) size = reader.int32();
    else if (field === 3 && type === WireType.Varint) kind = reader.int32();
    else throw new TypeError('not a log package');
  }
  if (data === undefined || kind < 0 || kind >= compressions.length) throw new TypeError('not a log package');
  const compression = compressions[kind];
  if (compression === undefined) size = data.length;
  if (size < 0) throw new TypeError('a log package without its size');
  return { data: Buffer.from(data.buffer, data.byteOffset, data.length), size, compression };
}
