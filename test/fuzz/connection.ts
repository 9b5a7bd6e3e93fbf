/**
 * A client of HTTP/1.1 that sends any bytes: Node's own refuses some before they reach the server. Reads one reply after the other.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface FuzzReply {
  readonly status: number;
  /** Names in lower case; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly ms: number;
}

/** The connection ended, or nothing came in time. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
}

export interface FuzzConnection {
  /** Sends a request and resolves with its reply. Rejects with NoReply. */
  send(bytes: Buffer, method: string): Promise<FuzzReply>;
  close(): void;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Over TLS, whatever the certificate is; absent: plain. */
  readonly isSecure?: boolean;
}

/** Opens a connection when it is first used, and again after the server closed it. */
export function openConnection(target: Target): FuzzConnection {
  let socket: Socket | undefined;
  return {
    async send(bytes, method) {
      const open = socket === undefined || socket.destroyed ? openSocket(target) : socket;
      socket = open;
      open.setNoDelay(true);
      const startMs = performance.now();
      const { isLast, ...reply } = await exchange(open, { bytes, method, timeoutMs: target.timeoutMs });
      if (isLast) open.destroy();
      return { ...reply, ms: performance.now() - startMs };
    },
    close() {
      socket?.destroy();
    },
  };
}

function openSocket({ port, host, isSecure }: Target): Socket {
  return isSecure === true ? connectTls({ port, host, rejectUnauthorized: false }) : connect(port, host);
}

type Parsed = Omit<FuzzReply, 'ms'> & { readonly isLast: boolean };

function exchange(
  socket: Socket,
  {
    bytes,
    method,
    timeoutMs,
  }: { readonly bytes: Buffer; readonly method: string; readonly timeoutMs: number },
): Promise<Parsed> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const done = (result: Parsed | NoReply): void => {
      clearTimeout(timer);
      for (const event of ['data', 'end', 'error', 'close']) socket.removeAllListeners(event);
      socket.on('error', () => {});
      if (result instanceof NoReply) {
        socket.destroy();
        reject(result);
      } else resolve(result);
    };
    const timer = setTimeout(() => done(new NoReply(`no reply within ${timeoutMs} ms`)), timeoutMs);
    const read = (isEnded: boolean): void => {
      const parsed = parseReply(received, method, isEnded);
      if (parsed !== undefined) done(parsed);
      else if (isEnded) done(new NoReply(`the connection ended after ${received.length} bytes`));
    };
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      read(false);
    });
    socket.on('end', () => read(true));
    socket.on('close', () => read(true));
    socket.on('error', () => {});
    socket.write(bytes);
  });
}

/** Replies that go on until the client leaves: their head is all that is read. */
const endless = /^text\/event-stream|^application\/x-ndjson/;

/** Returns the first final reply in the bytes; undefined while it is not complete. */
export function parseReply(bytes: Buffer, method: string, isEnded: boolean): Parsed | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(headEnd + 4);
  if (status >= 100 && status < 200) return parseReply(rest, method, isEnded);
  const isClosing = headers.connection?.toLowerCase() === 'close';
  if (method === 'HEAD' || status === 204 || status === 304)
    return { status, headers, body: Buffer.alloc(0), isLast: isClosing };
  const isChunked = headers['transfer-encoding']?.toLowerCase() === 'chunked';
  if (isChunked && endless.test(headers['content-type'] ?? ''))
    return { status, headers, body: Buffer.alloc(0), isLast: true };
  if (isChunked) {
    const body = joinChunks(rest);
    return body && { status, headers, body, isLast: isClosing };
  }
  if (headers['content-length'] === undefined)
    return isEnded ? { status, headers, body: rest, isLast: true } : undefined;
  const length = Number(headers['content-length']);
  return rest.length < length
    ? undefined
    : { status, headers, body: rest.subarray(0, length), isLast: isClosing };
}

function joinChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}
