/**
 * Heartbeats that changed nothing when they were last read. A heartbeat in the same words changes nothing again, as long as the store
 * has the same callback, wherever that may have been changed meanwhile.
 */
import { makeBoundedMap } from '../../kit/bounded-map.ts';
import type { PbxCall } from '../api/call.ts';

const maxTokens = 10_000;
/** Longer bodies are read every time. */
const maxLength = 512;

interface Repeat {
  readonly text: string;
  readonly contentType: string;
  readonly isStrict: boolean;
  /** JSON text of the callback. */
  readonly data: string;
}

export interface Repeats {
  /** Returns whether the same heartbeat of the same token changed nothing of the same callback. */
  has(call: PbxCall, data: string | null): boolean;
  /** Remembers a heartbeat that changed nothing of a callback. */
  remember(call: PbxCall, data: string | null): void;
}

export function makeRepeats(): Repeats {
  const repeats = makeBoundedMap<string, Repeat>(maxTokens);
  return {
    has({ token, body, isStrict, query }, data) {
      const last = repeats.get(token);
      if (last === undefined || last.data !== data || last.text !== body.text) return false;
      return last.contentType === body.contentType && last.isStrict === isStrict && isTokenOnly(query);
    },
    remember({ token, body: { text, contentType }, isStrict, query }, data) {
      if (data === null || !isTokenOnly(query)) return;
      if (text.length <= maxLength && contentType.length <= maxLength)
        repeats.set(token, { text, contentType, isStrict, data });
    },
  };
}

function isTokenOnly(query: PbxCall['query']): boolean {
  for (const name in query) if (name !== 'token') return false;
  return true;
}
