/** One POST on a connection of its own, with the headers that a PBX sends. */
import http from 'node:http';
import type { Socket } from 'node:net';
import { type AttemptResult, reasonOf } from './attempt-result.ts';

const maxReplyBytes = 16 * 1_024;
const maxExcerptBytes = 1_024;

export interface PostOptions {
  readonly url: URL;
  readonly body: string;
  readonly socket: Socket;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** The socket leads to this server. */
  readonly isSelf: boolean;
}

/** Posts a report and closes the connection after the reply. Never rejects. */
export function postReport({ url, body, socket, signal, isSelf }: PostOptions): Promise<AttemptResult> {
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  const request = http.request({
    createConnection: () => socket,
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    // In the order of the documents' samples.
    headers: {
      Host: url.host,
      'User-Agent': 'WebAPI',
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    },
  });
  const settle = (result: AttemptResult): void => {
    signal.removeEventListener('abort', timeOut);
    request.destroy();
    socket.destroy();
    resolve(result);
  };
  const timeOut = (): void => settle({ kind: 'failed', reason: 'reply timed out' });
  signal.addEventListener('abort', timeOut, { once: true });
  request.on('error', (error) => settle({ kind: 'failed', reason: reasonOf(error) }));
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void =>
      settle({
        kind: 'replied',
        status: response.statusCode ?? 0,
        isSelf,
        excerpt: Buffer.concat(chunks).subarray(0, maxExcerptBytes).toString(),
      });
    // The status decides, so a body that does not end is cut off and not a failure.
    signal.removeEventListener('abort', timeOut);
    signal.addEventListener('abort', finish, { once: true });
    response.on('data', (chunk: Buffer) => {
      if (bytes < maxExcerptBytes) chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxReplyBytes) finish();
    });
    response.on('close', finish);
    response.on('error', finish);
  });
  // An "upgrade" is not a reply to a report, and would leave the socket open.
  request.on('upgrade', (response) =>
    settle({ kind: 'replied', status: response.statusCode ?? 0, isSelf, excerpt: '' }),
  );
  // As text, so that head and body leave in one write: some receivers read once.
  request.end(body);
  return promise;
}
