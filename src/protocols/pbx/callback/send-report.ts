/**
 * One report to one address: a connection of its own, one POST with the headers that a PBX sends, closed after the
 * answer (S-Series API v1.1.0 and v2.0.0). The address is a client's word, so: every address that a name resolves to is
 * checked and a checked one is dialled, no redirect is followed, nothing of ours is sent along, time and answer are bounded.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import http from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { type AddressPolicy, bareHost } from './address-policy.ts';
import { makeTrust } from './callback-trust.ts';
import { portOfUrl } from './callback-url.ts';

/** What became of an attempt. Reasons are for people who run this server, never for API clients. */
export type Sent =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The answer came from this server itself. */
      readonly fromSelf: boolean;
      /** At most 1 KiB of what it said. */
      readonly excerpt: string;
    }
  /** Nothing was sent: no such name, nobody listens, nobody answers to the connection. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Nothing was sent: the address policy says no. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing was sent: the certificate is not one to trust. */
  | { readonly kind: 'untrusted'; readonly reason: string }
  /** It was sent, and no answer came that could be read. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Nothing was sent: the caller changed its mind. */
  | { readonly kind: 'aborted' };

export interface Attempt {
  readonly sent: Promise<Sent>;
  /** Ends the attempt if nothing was sent yet; what was sent is waited for. */
  abort(): void;
}

export interface SenderOptions {
  /** Where reports for whoever logged in from `peer` may go. */
  policyFor(peer: string): AddressPolicy;
  readonly connectTimeoutMs: number;
  /** The whole attempt, connection included. */
  readonly timeoutMs: number;
  readonly verifyTls: boolean;
  /** PEM, trusted besides what Node trusts; absent: none. */
  readonly authorities?: readonly string[];
  /** Ends every attempt that is under way. */
  readonly signal?: AbortSignal;
  /** Whether an address and port are this server's own. */
  isSelf?(address: string, port: number): boolean;
  /** All addresses of a name; the default asks the system. Rejects if there is none. */
  lookup?(hostname: string): Promise<readonly string[]>;
}

/** `peer` is who logged in. */
export type SendReport = (url: string, body: string, peer: string) => Attempt;

const maxAnswerBytes = 16 * 1_024;
const maxExcerpt = 1_024;

/** Never throws and never rejects; whatever the other side does, an attempt ends within `timeoutMs`. */
export function makeSender(options: SenderOptions): SendReport {
  const lookup =
    options.lookup ??
    (async (hostname) =>
      (await systemLookup(hostname, { all: true, verbatim: true })).map(({ address }) => address));
  const trust = makeTrust(options);
  const underWay = new Set<AbortController>();
  options.signal?.addEventListener('abort', () => {
    for (const attempt of underWay) attempt.abort();
  });

  return (target, body, peer) => {
    const policy = options.policyFor(peer);
    /** For the whole attempt, and for its connection. */
    const deadline = new AbortController();
    const patience = new AbortController();
    deadline.signal.addEventListener('abort', () => patience.abort(), { once: true });
    const timers = [
      setTimeout(() => deadline.abort(), options.timeoutMs),
      setTimeout(() => patience.abort(), options.connectTimeoutMs),
    ];
    underWay.add(deadline);
    let begun = false;
    let givenUp = false;

    const send = async (): Promise<Sent> => {
      const url = new URL(target);
      const hostname = bareHost(url.hostname);
      const port = portOfUrl(url);
      if (!policy.allowsPort(port)) return { kind: 'refused', reason: `port ${port} is not allowed` };
      const dialled = await dial(url, hostname, port, lookup, {
        policy,
        trust,
        patience: patience.signal,
      });
      if (givenUp) {
        if ('socket' in dialled) dialled.socket.destroy();
        return { kind: 'aborted' };
      }
      if (!('socket' in dialled)) return dialled;
      begun = true;
      const fromSelf = options.isSelf?.(dialled.address, port) ?? false;
      return post(url, body, dialled.socket, deadline.signal, fromSelf);
    };

    const sent = send()
      .catch((error: Error): Sent => ({ kind: 'failed', reason: reasonOf(error) }))
      .finally(() => {
        underWay.delete(deadline);
        for (const timer of timers) clearTimeout(timer);
      });
    return {
      sent,
      abort() {
        if (begun) return;
        givenUp = true;
        patience.abort();
      },
    };
  };
}

type Dialled = { readonly socket: Socket; readonly address: string };
type NotDialled = Extract<Sent, { kind: 'unreachable' | 'refused' | 'untrusted' }>;

async function dial(
  url: URL,
  hostname: string,
  port: number,
  lookup: (hostname: string) => Promise<readonly string[]>,
  {
    policy,
    trust,
    patience,
  }: {
    readonly policy: AddressPolicy;
    readonly trust: () => ConnectionOptions;
    readonly patience: AbortSignal;
  },
): Promise<Dialled | NotDialled> {
  let addresses: readonly string[];
  try {
    addresses = isIP(hostname) === 0 ? await orAborted(lookup(hostname), patience) : [hostname];
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error as Error) };
  }
  const allowed = addresses.filter((address) => policy.allowsAddress(address, hostname));
  if (allowed.length === 0)
    return { kind: 'refused', reason: `${hostname} leads to ${addresses.join(', ')}, which is not allowed` };
  let failed: NotDialled = { kind: 'unreachable', reason: '' };
  for (const address of allowed) {
    const isTls = url.protocol === 'https:';
    const socket = isTls
      ? connectTls({
          host: address,
          port,
          ...trust(),
          ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
        })
      : connect({ host: address, port, noDelay: true });
    try {
      await connected(socket, isTls ? 'secureConnect' : 'connect', patience);
      return { socket, address };
    } catch (error) {
      const reason = `${address}: ${reasonOf(error as Error)}`;
      // Null, until a certificate was looked at and refused.
      const isRefused = socket instanceof TLSSocket && socket.authorizationError !== null;
      failed = { kind: isRefused ? 'untrusted' : 'unreachable', reason };
      if (patience.aborted) break;
    }
  }
  return failed;
}

/** Resolves when the socket is connected; destroys it if that fails or takes too long. */
function connected(socket: Socket, event: string, patience: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => {
    socket.destroy();
    reject(new Error('no connection in time'));
  };
  const fail = (error: Error): void => reject(error);
  socket.once('error', fail);
  socket.once(event, () => resolve());
  if (patience.aborted) giveUp();
  else patience.addEventListener('abort', giveUp, { once: true });
  return promise.finally(() => {
    patience.removeEventListener('abort', giveUp);
    // Errors that come later are the request's to hear.
    socket.off('error', fail);
    socket.on('error', () => {});
  });
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error('no answer from the name service in time'));
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  return await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', giveUp));
}

function post(
  url: URL,
  body: string,
  socket: Socket,
  deadline: AbortSignal,
  fromSelf: boolean,
): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
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
  const settle = (sent: Sent): void => {
    deadline.removeEventListener('abort', giveUp);
    request.destroy();
    socket.destroy();
    resolve(sent);
  };
  const giveUp = (): void => settle({ kind: 'failed', reason: 'no answer in time' });
  deadline.addEventListener('abort', giveUp, { once: true });
  request.on('error', (error) => settle({ kind: 'failed', reason: reasonOf(error) }));
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const answered = (): void =>
      settle({
        kind: 'answered',
        status: response.statusCode ?? 0,
        fromSelf,
        excerpt: Buffer.concat(chunks).subarray(0, maxExcerpt).toString(),
      });
    // The status is the answer: whatever becomes of the rest, it was given.
    deadline.removeEventListener('abort', giveUp);
    deadline.addEventListener('abort', answered, { once: true });
    response.on('data', (chunk: Buffer) => {
      if (bytes < maxExcerpt) chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) answered();
    });
    response.on('close', answered);
    response.on('error', answered);
  });
  // An "upgrade" is no answer to a report, and would leave the socket open.
  request.on('upgrade', (response) =>
    settle({ kind: 'answered', status: response.statusCode ?? 0, fromSelf, excerpt: '' }),
  );
  // As text, so that head and body leave in one write: some receivers read once.
  request.end(body);
  return promise;
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code}: ${error.message}`.slice(0, 300);
}
