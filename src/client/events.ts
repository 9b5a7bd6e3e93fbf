/** The event stream as an async iterator that goes on where the network cut it. */
import type { OperatorEvent } from '../operator/events/events.ts';
import type { Selector } from '../operator/selector/selector.ts';
import { OperatorError, type Requester } from './request.ts';

export interface EventsOptions {
  /** Events with a greater sequence number; default: from the moment at which the stream is open. */
  readonly since?: number;
  readonly signal?: AbortSignal;
  /** Called when the stream is open: what happens from now on is seen. */
  onOpen?(): void;
}

/**
 * Iterates over the selected events until the loop is left, `signal` aborts, or the server stops. Rejects with OperatorError if the
 * server refuses. A stream that the network cuts is opened again after its last event; events that the server dropped meanwhile are
 * told by an event of type `gap`.
 */
export async function* streamEvents(
  requester: Requester,
  selector: Selector,
  { since, signal, onOpen }: EventsOptions = {},
): AsyncGenerator<OperatorEvent, void, void> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  let cursor = since;
  try {
    let response = await openStream(requester, { ...selector, since: cursor }, end.signal);
    onOpen?.();
    for (;;) {
      for await (const line of linesOf(response)) {
        const event = JSON.parse(line) as OperatorEvent;
        cursor = event.seq;
        yield event;
      }
      // Without a cursor nothing tells where to go on.
      if (cursor === undefined || end.signal.aborted) return;
      response = await openStream(requester, { ...selector, since: cursor }, end.signal);
    }
  } catch (error) {
    const isStopped = error instanceof OperatorError && error.status === 0 && cursor !== undefined;
    if (!end.signal.aborted && !isStopped) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    end.abort();
  }
}

const openStream = (
  requester: Requester,
  query: Selector & { readonly since: number | undefined },
  signal: AbortSignal,
): Promise<Response> => requester.open('GET', '/events', { query, signal, accept: 'application/x-ndjson' });

/** Yields the lines that are not empty; empty ones keep the connection alive. Ends when the server or the network ends it. */
async function* linesOf(response: Response): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  // A reply with status 200 has a body.
  const chunks = (response.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  for (;;) {
    const chunk = await chunks.next().catch(() => ({ done: true }) as const);
    if (chunk.done === true) return;
    const lines = (rest + decoder.decode(chunk.value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
}
