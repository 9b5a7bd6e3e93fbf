/** What nodes write to topics. */
import type { TopicEntry } from '../../store/store.ts';

/** Returns the JSON of an entry; undefined for anything else, which a node of another version may have written. */
export function jsonOfEntry({ payload }: Pick<TopicEntry, 'payload'>): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}
