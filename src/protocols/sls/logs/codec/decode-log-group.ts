/** Decodes LogGroups, for operators: what a client wrote, as values. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export interface DecodedLog {
  /** Seconds since 1970, as the client wrote it. */
  readonly time: number;
  /** Nanoseconds within the second, if the client wrote them. */
  readonly timeNs?: number;
  /** Of contents with the same key the last one counts. */
  readonly contents: Readonly<Record<string, string>>;
}

export interface DecodedLogGroup {
  readonly topic: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly logs: readonly DecodedLog[];
}

type Pair = readonly [key: string, value: string];

/** Decodes a LogGroup that was checked when it was written. Bytes that are no UTF-8 become replacement characters. */
export function decodeLogGroup(bytes: Uint8Array): DecodedLogGroup {
  const reader = new BinaryReader(bytes);
  const logs: DecodedLog[] = [];
  const tags: Pair[] = [];
  const texts = { topic: '', source: '' };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) logs.push(decodeLog(reader.bytes()));
    else if (field === 3) texts.topic = reader.string();
    else if (field === 4) texts.source = reader.string();
    else if (field === 6) tags.push(decodePair(reader.bytes()));
    else reader.skip(type, field);
  }
  return { ...texts, tags: Object.fromEntries(tags), logs };
}

function decodeLog(bytes: Uint8Array): DecodedLog {
  const reader = new BinaryReader(bytes);
  const contents: Pair[] = [];
  let time = 0;
  let timeNs: number | undefined;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) time = reader.uint32();
    else if (field === 2) contents.push(decodePair(reader.bytes()));
    else if (field === 4 && type === WireType.Bit32) timeNs = reader.fixed32();
    else reader.skip(type, field);
  }
  return {
    time,
    ...(timeNs === undefined ? {} : { timeNs }),
    contents: Object.fromEntries(contents),
  };
}

function decodePair(bytes: Uint8Array): Pair {
  const reader = new BinaryReader(bytes);
  let [key, value] = ['', ''];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.string();
    else reader.skip(type, field);
  }
  return [key, value];
}
