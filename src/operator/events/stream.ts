/** Sends events to a client for as long as it stays: as server-sent events, or as NDJSON. */
import type { FastifyReply } from 'fastify';
import type { EventLog, OperatorEvent } from './events.ts';

/** A comment after so long without events keeps proxies from closing the stream, ms. */
const keepAliveMs = 15_000;
const pageSize = 500;
/** A client that leaves more unread is behind: it waits until the connection drains. */
const maxUnsentBytes = 256 * 1_024;

export type StreamFormat = 'sse' | 'ndjson';

export interface StreamOptions {
  readonly format: StreamFormat;
  /** Events with a greater sequence number are sent. */
  readonly after: number;
  isSelected(event: OperatorEvent): boolean;
}

/** Resolves when the client has left, or `end` aborts. A gap is sent where events were dropped before they could be sent. */
export function stream(
  reply: FastifyReply,
  events: EventLog,
  { format, after, isSelected }: StreamOptions,
  end: AbortSignal,
): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, [
    ...['content-type', format === 'sse' ? 'text/event-stream' : 'application/x-ndjson'],
    ...['cache-control', 'no-store', 'x-content-type-options', 'nosniff'],
    ...['cross-origin-resource-policy', 'same-origin'],
  ]);
  raw.flushHeaders();
  let cursor = after;

  const send = (): void => {
    while (raw.writableLength < maxUnsentBytes) {
      if (cursor < events.droppedThrough) {
        raw.write(
          render(format, {
            seq: events.droppedThrough,
            type: 'gap',
            at: '',
            missed: events.droppedThrough - cursor,
          }),
        );
        cursor = events.droppedThrough;
      }
      const page = events.read(cursor, pageSize);
      if (page.length === 0) return;
      cursor = page.at(-1)?.seq ?? cursor;
      const text = page
        .filter(isSelected)
        .map((event) => render(format, event))
        .join('');
      if (text !== '') raw.write(text);
    }
  };
  const timer = setInterval(() => raw.write(format === 'sse' ? ': keep-alive\n\n' : '\n'), keepAliveMs);
  const stop = events.onAppend(send);
  const finish = (): void => {
    clearInterval(timer);
    stop();
    end.removeEventListener('abort', finish);
    raw.end();
    resolve();
  };
  raw.on('drain', send);
  raw.once('close', finish);
  end.addEventListener('abort', finish, { once: true });
  // The client may have left, and the server may have begun to stop, before there was anything to send.
  if (end.aborted || raw.destroyed) finish();
  else send();
  return over;
}

function render(format: StreamFormat, event: OperatorEvent): string {
  if (format === 'ndjson') return `${JSON.stringify(event)}\n`;
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
