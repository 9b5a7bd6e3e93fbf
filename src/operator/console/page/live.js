/** What keeps the page up to date: one event stream, and resources that are read again when an event concerns them. */
import { authorization, findVendorOrigin, needsToken, send, token, urlOf } from './api.js';
import { effect, signal, useEffect, useState } from './ui.js';

/** @typedef {{ seq: number, at: string, type: string, protocol?: string, tenant?: string, group?: string, holder?: string, [detail: string]: unknown }} LiveEvent */

/** 'connecting', 'live' or 'away'. */
export const connection = signal('connecting');
/** The newest events, the newest first. */
export const events = signal(/** @type {readonly LiveEvent[]} */ ([]));

const keptEvents = 500;
const retryMs = 1_000;
/** @type {Set<(batch: readonly LiveEvent[]) => void>} */
const listeners = new Set();
/** @type {LiveEvent[]} */
let pending = [];
let painting = false;

/** Events of one frame are handled together. */
function flush() {
  painting = false;
  const batch = pending;
  pending = [];
  events.value = [...batch.toReversed(), ...events.value].slice(0, keptEvents);
  for (const listener of listeners) listener(batch);
}

/** @param {LiveEvent} event */
function receive(event) {
  pending.push(event);
  // More than fits is dropped in favour of the newest: what was shown is read again anyway.
  if (pending.length > 2 * keptEvents) pending.splice(0, keptEvents);
  if (painting) return;
  painting = true;
  if (document.hidden) setTimeout(flush, 1_000);
  else requestAnimationFrame(flush);
}

/** Follows the event stream for as long as the page is open. */
export async function follow() {
  /** @type {number | undefined} */
  let since;
  for (;;) {
    try {
      since = await readStream(since);
    } catch {
      // Tried again below.
    }
    connection.value = 'away';
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** @param {number | undefined} since @returns {Promise<number | undefined>} the cursor for the next stream */
async function readStream(since) {
  let cursor = since;
  const response = await fetch(urlOf({ path: '/events', query: { since } }), {
    headers: { accept: 'application/x-ndjson', ...authorization() },
  });
  if (response.status === 401) {
    needsToken.value = true;
    await until(() => !needsToken.value);
    return cursor;
  }
  if (!response.ok || response.body === null) return cursor;
  connection.value = 'live';
  findVendorOrigin().catch(() => {});
  // What happened while there was no stream is not known.
  receive({ seq: cursor ?? 0, at: new Date().toISOString(), type: 'gap' });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value = '' } = await reader.read();
      if (done) return cursor;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const event = JSON.parse(line);
        cursor = event.seq;
        receive(event);
      }
    }
  } catch {
    return cursor;
  }
}

/** @param {() => boolean} holds @returns {Promise<void>} */
function until(holds) {
  return new Promise((resolve) => {
    /** @type {(() => void) | undefined} */
    let stop;
    let done = false;
    stop = effect(() => {
      if (!holds() || done) return;
      done = true;
      resolve();
      queueMicrotask(() => stop?.());
    });
  });
}

/** @template T @typedef {{ key: string, data: T | undefined, error: Error | undefined, readAt: number }} Resource */

/**
 * What a path returns: read at once, and again after events that `concerns` says matter.
 * @template T
 * @param {import('./api.js').Read<T>} call
 * @param {(event: LiveEvent) => boolean} [concerns]
 * @param {number} [atMostEveryMs]
 * @returns {{ data: T | undefined, error: Error | undefined, readAt: number, refresh: () => void }}
 */
export function useResource(call, concerns = () => true, atMostEveryMs = 300) {
  const key = urlOf(call);
  const [state, setState] = useState(
    /** @type {Resource<T>} */ ({ key, data: undefined, error: undefined, readAt: 0 }),
  );
  const [refresh, setRefresh] = useState(() => () => {});
  const tokenNow = token.value;
  useEffect(() => {
    const end = new AbortController();
    let running = false;
    let wanted = false;
    let timer = 0;
    const read = async () => {
      if (running) {
        wanted = true;
        return;
      }
      running = true;
      wanted = false;
      try {
        const data = await send(call, end.signal);
        setState({ key, data, error: undefined, readAt: performance.now() });
      } catch (error) {
        if (end.signal.aborted) return;
        setState((before) => ({
          key,
          data: before.key === key ? before.data : undefined,
          error: error instanceof Error ? error : new Error(String(error)),
          readAt: before.readAt,
        }));
      }
      timer = setTimeout(() => {
        running = false;
        if (wanted) read();
      }, atMostEveryMs);
    };
    /** @param {readonly LiveEvent[]} batch */
    const listener = (batch) => {
      if (batch.some((event) => event.type === 'gap' || event.type === 'reset' || concerns(event))) read();
    };
    listeners.add(listener);
    setRefresh(() => read);
    read();
    return () => {
      listeners.delete(listener);
      clearTimeout(timer);
      end.abort();
    };
  }, [key, tokenNow]);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    readAt: state.readAt,
    refresh,
  };
}

/** Counts seconds, for countdowns. */
export const tick = signal(0);
setInterval(() => {
  tick.value += 1;
}, 1_000);
