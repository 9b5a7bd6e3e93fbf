/**
 * One POST on a connection of its own, with the headers that a PBX sends. The status line is the reply: applications in use send
 * bare line feeds, no length, no blank line, or keep the connection open, and an HTTP parser would refuse them or wait.
 */
import type { Socket } from 'node:net';
import { type AttemptResult, reasonOf } from './attempt-result.ts';
import type { LingeringSockets } from './lingering-sockets.ts';
import { readStatus } from './status-line.ts';

const maxExcerptBytes = 1_024;

export interface PostOptions {
  readonly url: URL;
  readonly body: string;
  readonly socket: Socket;
  /** That the socket leads to. */
  readonly address: string;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** The socket leads to this server. */
  readonly isSelf: boolean;
  /** Takes the socket after the reply. */
  readonly lingering: LingeringSockets;
}

/** Posts a report and closes the connection after the status line of the reply. Never rejects. */
export function postReport({
  url,
  body,
  socket,
  address,
  signal,
  isSelf,
  lingering,
}: PostOptions): Promise<AttemptResult> {
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  // Latin-1 keeps one character for each byte.
  let received = '';
  const settle = (result: AttemptResult): void => {
    signal.removeEventListener('abort', timeOut);
    socket.off('data', readMore).off('end', readEnd).off('close', closed).off('error', broken);
    if (result.kind === 'replied') lingering.add(socket);
    else socket.destroy();
    resolve(result);
  };
  const fail = (reason: string): void => settle({ kind: 'failed', reason });
  const timeOut = (): void => fail('reply timed out');
  const closed = (): void => fail('the connection was closed without a reply');
  const broken = (error: Error): void => fail(reasonOf(error));
  const read = (stream: 'open' | 'ended'): void => {
    const isEnded = stream === 'ended';
    const found = readStatus(received, isEnded);
    if (found === undefined) return;
    if ('reason' in found) {
      fail(found.reason);
      return;
    }
    const excerpt = Buffer.from(found.rest.slice(0, maxExcerptBytes), 'latin1').toString();
    settle({ kind: 'replied', status: found.status, address, isSelf, excerpt });
  };
  const readMore = (chunk: Buffer): void => {
    received += chunk.toString('latin1');
    read('open');
  };
  const readEnd = (): void => read('ended');
  socket.on('data', readMore).on('end', readEnd).on('close', closed).on('error', broken);
  if (signal.aborted) timeOut();
  else signal.addEventListener('abort', timeOut, { once: true });
  // Head and body in one write: some receivers read once.
  if (!socket.destroyed) socket.write(requestText(url, body));
  return promise;
}

/** In the order of the documents' samples. */
function requestText(url: URL, body: string): string {
  return [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'User-Agent: WebAPI',
    'Content-Type: application/json',
    'Accept: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
