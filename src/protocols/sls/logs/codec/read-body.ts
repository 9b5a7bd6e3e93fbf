/** Decodes bodies that contain logs for people who read the journal: protocol buffers, compressed in any way. Bounded. */
import { unzipSync, zstdDecompressSync } from 'node:zlib';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import lz4 from 'lz4-napi';
import { type EncodedBody, maxReadBytes } from '../../../kit/reader.ts';
import { type Compression, isCompression } from '../../wire/compression.ts';
import { type DecodedLogGroup, decodeLogGroup } from './decode-log-group.ts';
import { countLogs } from './log-group.ts';
import { decodePackages } from './log-package-list.ts';

const maxLogs = 10_000;
const maxPackages = 1_024;
const sizeBytes = 4;

/**
 * Returns the log group, or the list of log groups, or the JSON of a body; undefined for a body that is neither compressed nor protocol
 * buffers, and for one of more than 256 KiB. Throws for bytes that are none of it.
 */
export function readLogBody({ body, headers }: EncodedBody): unknown {
  const compression = headers['x-log-compresstype'] ?? '';
  const type = headers['content-type'] ?? '';
  const isProtobuf = type.startsWith('application/x-protobuf');
  if (compression === '' && !isProtobuf) return undefined;
  if (headers['x-log-mode'] === 'batch_group') return readPackages(body);
  const raw = rawBody(body, compression, Number(headers['x-log-bodyrawsize']));
  if (raw === undefined) return undefined;
  if (!isProtobuf) return JSON.parse(Buffer.from(raw).toString());
  // Only replies tell a cursor.
  return headers['x-log-cursor'] === undefined ? readGroup(raw) : readGroups(raw);
}

function rawBody(body: Uint8Array, compression: string, size: number): Uint8Array | undefined {
  if (compression === '') return body.byteLength > maxReadBytes ? undefined : body;
  if (!isCompression(compression) || !(size >= 0) || size > maxReadBytes) return undefined;
  return decompress(body, compression, size);
}

/** Throws for a body that has not that size. */
function decompress(body: Uint8Array, compression: Compression, size: number): Uint8Array {
  // At least 1: zlib takes 0 for no limit.
  const limit = { maxOutputLength: Math.max(size, 1) };
  if (compression === 'deflate') return unzipSync(body, limit);
  if (compression === 'zstd') return zstdDecompressSync(body, limit);
  const sized = Buffer.allocUnsafe(sizeBytes + body.byteLength);
  sized.writeUInt32LE(size);
  sized.set(body, sizeBytes);
  return lz4.uncompressSync(sized);
}

function readGroup(bytes: Uint8Array): DecodedLogGroup {
  countLogs(bytes, maxLogs);
  return decodeLogGroup(bytes);
}

function readGroups(bytes: Uint8Array): readonly DecodedLogGroup[] {
  const reader = new BinaryReader(bytes);
  const groups: DecodedLogGroup[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) groups.push(readGroup(reader.bytes()));
    else reader.skip(type, field);
  }
  return groups;
}

function readPackages(body: Uint8Array): readonly DecodedLogGroup[] | undefined {
  const packages = decodePackages(Buffer.from(body), maxPackages);
  if (packages.reduce((sum, { size }) => sum + size, 0) > maxReadBytes) return undefined;
  return packages.map(({ data, size, compression }) =>
    readGroup(compression === undefined ? data : decompress(data, compression, size)),
  );
}
