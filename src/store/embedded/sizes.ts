/** How many bytes of its tenant each record counts for, as `shared/bytes.lua` counts them. */
import {
  documentOverheadBytes,
  entryOverheadBytes,
  leaseOverheadBytes,
  topicOverheadBytes,
  watchOverheadBytes,
} from '../limits.ts';
import type { DocumentRecord, Entry, TopicRecord } from './records.ts';

/** Returns the bytes of a text in UTF-8; 0 for none. */
export function bytesOf(text: string | null | undefined): number {
  return text === null || text === undefined ? 0 : Buffer.byteLength(text);
}

export function leaseSize(group: string, holder: string, data: string | null | undefined): number {
  return leaseOverheadBytes + bytesOf(group) + bytesOf(holder) + bytesOf(data);
}

export function documentSize({
  collection,
  key,
  value,
}: Pick<DocumentRecord, 'collection' | 'key' | 'value'>): number {
  return documentOverheadBytes + bytesOf(collection) + bytesOf(key) + bytesOf(value);
}

export function topicSize({ name, entries, start, bytes }: TopicRecord): number {
  return newTopicSize(name) + bytes + entryOverheadBytes * (entries.length - start);
}

/** Returns the size of a topic without entries. */
export function newTopicSize(name: string): number {
  return topicOverheadBytes + bytesOf(name);
}

/** Returns the size of a payload; of a lease event, which is encoded later, about that. */
export function payloadSize(payload: Entry['payload']): number {
  if (payload instanceof Uint8Array) return payload.length;
  const { group, holder, data } = payload;
  return leaseOverheadBytes + group.length + holder.length + (data?.length ?? 0);
}

export function watchSize(name: string): number {
  return watchOverheadBytes + bytesOf(name);
}
