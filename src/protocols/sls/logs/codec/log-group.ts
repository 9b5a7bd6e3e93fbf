/**
 * Encodes and checks LogGroups and LogGroupLists, which are protocol buffers ("PutLogs", "PullLogs"; proto2):
 *
 *     Log          1 Time uint32, 2 Contents { 1 Key, 2 Value }, 4 Time_ns fixed32
 *     LogGroup     1 Logs, 2 Reserved, 3 Topic, 4 Source, 5 MachineUUID, 6 LogTags { 1 Key, 2 Value }
 *     LogGroupList 1 LogGroups
 *
 * A LogGroup that a client sent is stored byte for byte; `countLogs` only checks it.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Returns the tag of a field. */
const tag = (field: number, type: WireType): number => (field << 3) | type;

/** Fields of all levels that a LogGroup may have. */
const maxFields = 1_000_000;
/** Fields of a LogGroup that are no logs: topic, source, tags and unknown ones. */
const maxOwnFields = 1_024;

/** A LogGroup has more logs or fields than it may. */
export class LogGroupTooLong extends Error {
  override readonly name = 'LogGroupTooLong';
}

/** Reads fields and gives up when there are too many: a few compressed bytes can stand for millions of them. */
class FieldReader extends BinaryReader {
  #fields = 0;

  override tag(): [number, WireType] {
    this.#fields += 1;
    if (this.#fields > maxFields) throw new LogGroupTooLong(`more than ${maxFields} fields`);
    const found = super.tag();
    if (found[1] === WireType.StartGroup || found[1] === WireType.EndGroup)
      throw new RangeError('no field is a group');
    return found;
  }
}

/** Returns how many logs a LogGroup contains. Throws LogGroupTooLong at the first log too many, an Error for bytes that are no LogGroup. */
export function countLogs(group: Uint8Array, maxLogs = Number.POSITIVE_INFINITY): number {
  const reader = new FieldReader(group);
  let logs = 0;
  let own = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) {
      logs += 1;
      if (logs > maxLogs) throw new LogGroupTooLong(`more than ${maxLogs} logs`);
      expectType(type, WireType.LengthDelimited);
      checkLog(reader, reader.uint32());
      continue;
    }
    own += 1;
    if (own > maxOwnFields) throw new LogGroupTooLong(`more than ${maxOwnFields} fields that are no logs`);
    if (field <= 6) expectType(type, WireType.LengthDelimited);
    if (field === 6) checkPair(reader, reader.uint32());
    else reader.skip(type, field);
  }
  if (reader.pos !== reader.len) throw new RangeError('a LogGroup ends within a field');
  return logs;
}

function checkLog(reader: BinaryReader, length: number): void {
  const end = endOf(reader, length);
  let isTimed = false;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1) {
      expectType(type, WireType.Varint);
      reader.uint32();
      isTimed = true;
    } else if (field === 2) {
      expectType(type, WireType.LengthDelimited);
      checkPair(reader, reader.uint32());
    } else {
      if (field === 4) expectType(type, WireType.Bit32);
      reader.skip(type, field);
    }
  }
  if (reader.pos !== end) throw new RangeError('a Log ends within a field');
  // Clients may send logs without contents, but every log has a time.
  if (!isTimed) throw new RangeError('a Log has no time');
}

function checkPair(reader: BinaryReader, length: number): void {
  const end = endOf(reader, length);
  let seen = 0;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1 || field === 2) {
      expectType(type, WireType.LengthDelimited);
      seen |= field;
    }
    reader.skip(type, field);
  }
  if (reader.pos !== end) throw new RangeError('a key or value exceeds its pair');
  if (seen !== 3) throw new RangeError('a pair lacks its key or its value');
}

function endOf(reader: BinaryReader, length: number): number {
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a field exceeds its message');
  return end;
}

function expectType(type: WireType, expected: WireType): void {
  if (type !== expected) throw new RangeError(`wire type is ${type} instead of ${expected}`);
}

/** A log group to be encoded. */
export interface NewLogGroup {
  readonly topic: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Time of every log, seconds since 1970. */
  readonly time: number;
  /** Times of the logs where they differ, in their order. */
  readonly times?: readonly number[];
  readonly logs: readonly Readonly<Record<string, string>>[];
}

/** Returns the bytes of a LogGroup. */
export function encodeLogGroup({ topic, source, tags, time, times, logs }: NewLogGroup): Uint8Array {
  const writer = new BinaryWriter();
  for (const [at, log] of logs.entries()) {
    writer.uint32(tag(1, WireType.LengthDelimited)).fork();
    writer.uint32(tag(1, WireType.Varint)).uint32(times?.[at] ?? time);
    for (const [key, value] of Object.entries(log)) writePair(writer, 2, [key, value]);
    writer.join();
  }
  writer.uint32(tag(3, WireType.LengthDelimited)).string(topic);
  writer.uint32(tag(4, WireType.LengthDelimited)).string(source);
  for (const pair of Object.entries(tags)) writePair(writer, 6, pair);
  return writer.finish();
}

/** Returns the bytes of tags; a LogGroup with these bytes after it has them as well. */
export function encodeTags(tags: Readonly<Record<string, string>>): Uint8Array {
  const writer = new BinaryWriter();
  for (const pair of Object.entries(tags)) writePair(writer, 6, pair);
  return writer.finish();
}

function writePair(writer: BinaryWriter, field: number, [key, value]: readonly [string, string]): void {
  writer.uint32(tag(field, WireType.LengthDelimited)).fork();
  writer.uint32(tag(1, WireType.LengthDelimited)).string(key);
  writer.uint32(tag(2, WireType.LengthDelimited)).string(value);
  writer.join();
}

const groupTag = Uint8Array.of(tag(1, WireType.LengthDelimited));

/** Returns the bytes of the LogGroupList of encoded LogGroups. */
export function encodeLogGroupList(groups: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const group of groups) parts.push(groupTag, varint(group.length), group);
  return Buffer.concat(parts);
}

function varint(number: number): Uint8Array {
  return new BinaryWriter().uint32(number).finish();
}
