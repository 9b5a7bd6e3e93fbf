/**
 * The connection for a report. Every address that a name resolves to is checked against the policy, and only a checked one is
 * dialled: an answer of the name service that changes between check and connection leads nowhere.
 */
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { type AddressPolicy, bareHost, portOfUrl } from './address-policy.ts';
import { type AttemptResult, reasonOf } from './attempt-result.ts';

export interface Dialled {
  readonly socket: Socket;
  readonly address: string;
}

export type NotDialled = Extract<AttemptResult, { kind: 'unreachable' | 'refused' | 'untrusted' }>;

export interface DialOptions {
  readonly policy: AddressPolicy;
  /** Trust options of TLS connections. */
  readonly trust: () => ConnectionOptions;
  /** Ends the attempt to connect. */
  readonly signal: AbortSignal;
  /** Returns all addresses of a name. Rejects if there is none. */
  lookup(hostname: string): Promise<readonly string[]>;
}

/** Connects to what the host of a URL means by the policy, address by address. Never rejects. */
export async function dial(url: URL, options: DialOptions): Promise<Dialled | NotDialled> {
  const { policy, signal, lookup } = options;
  const hostname = policy.targetOf(bareHost(url.hostname));
  const port = portOfUrl(url);
  const portRefusal = policy.refusalOfPort(port);
  if (portRefusal !== undefined) return { kind: 'refused', reason: portRefusal };
  let addresses: readonly string[];
  try {
    addresses = isIP(hostname) === 0 ? await abortable(lookup(hostname), signal) : [hostname];
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error as Error) };
  }
  const refusals = addresses.map((address) => policy.refusalOf({ address, hostname, port }));
  const allowed = addresses.filter((_address, at) => refusals[at] === undefined);
  if (allowed.length === 0) return { kind: 'refused', reason: refusals[0] ?? `${hostname} has no address` };
  let failed: NotDialled = { kind: 'unreachable', reason: '' };
  for (const address of allowed) {
    const dialled = await dialAddress(url, address, options);
    if ('socket' in dialled) return dialled;
    failed = dialled;
    if (signal.aborted) break;
  }
  return failed;
}

async function dialAddress(
  url: URL,
  address: string,
  { trust, signal }: DialOptions,
): Promise<Dialled | NotDialled> {
  const isTls = url.protocol === 'https:';
  const hostname = bareHost(url.hostname);
  const target = { host: address, port: portOfUrl(url) };
  const serverName = isIP(hostname) === 0 ? { servername: hostname } : {};
  const socket = isTls
    ? connectTls({ ...target, ...trust(), ...serverName })
    : connect({ ...target, noDelay: true });
  try {
    await connected(socket, isTls ? 'secureConnect' : 'connect', signal);
    return { socket, address };
  } catch (error) {
    const reason = `${address}: ${reasonOf(error as Error)}`;
    // Null, until a certificate was checked and refused.
    const isUntrusted = socket instanceof TLSSocket && socket.authorizationError !== null;
    return { kind: isUntrusted ? 'untrusted' : 'unreachable', reason };
  }
}

/** Resolves when the socket is connected; destroys it if that fails or is aborted. */
function connected(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    socket.destroy();
    reject(new Error('connection timed out'));
  };
  const fail = (error: Error): void => reject(error);
  socket.once('error', fail);
  socket.once(event, () => resolve());
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    // Later errors are reported by the request on this socket.
    socket.off('error', fail);
    socket.on('error', () => {});
  });
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error('name lookup timed out'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
