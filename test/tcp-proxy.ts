/** A TCP proxy for tests that plays a broken network: it cuts, refuses, stays silent, half-opens and delays. */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What becomes of new connections. */
type Treatment = 'forward' | 'refuse' | 'silence';

/** One connection of a client through the proxy. */
export interface ProxiedConnection {
  readonly isOpen: boolean;
  /** What the client sent first, as text: at most 64 KiB. */
  readonly sent: string;
  /** Drops all bytes in both directions from now on and closes nothing, as a network does that lost a route. */
  halfOpen(): void;
  /** Resets both sides. */
  cut(): void;
}

export interface TcpProxy {
  readonly port: number;
  /** All connections that were accepted, oldest first, the closed ones too. */
  readonly connections: readonly ProxiedConnection[];
  /** Forwards new connections. Those that were half-open stay so. */
  forward(): void;
  /** Resets new connections. */
  refuse(): void;
  /** Accepts new connections, reads what they send and never replies, also not after `forward`. */
  silence(): void;
  /** Delays every chunk of every forwarding connection, in both directions. 0 ends it. */
  delay(ms: number): void;
  /** Resets all connections. */
  cut(): void;
  /** Makes all connections half-open. */
  halfOpen(): void;
  close(): Promise<void>;
}

const maxRecordedBytes = 65_536;

/** Starts a proxy on a free port of 127.0.0.1 that forwards to `target`. */
export async function startTcpProxy(target: { host?: string; port: number }): Promise<TcpProxy> {
  let treatment: Treatment = 'forward';
  let delayMs = 0;
  const connections: ProxiedConnection[] = [];
  const server = createServer((client) => {
    if (treatment === 'refuse') client.resetAndDestroy();
    else
      connections.push(proxyConnection(client, treatment === 'forward' ? target : undefined, () => delayMs));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): void => {
    for (const connection of connections) connection.cut();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    forward() {
      treatment = 'forward';
    },
    refuse() {
      treatment = 'refuse';
    },
    silence() {
      treatment = 'silence';
    },
    delay(ms) {
      delayMs = ms;
    },
    cut,
    halfOpen() {
      for (const connection of connections) connection.halfOpen();
    },
    async close() {
      treatment = 'refuse';
      cut();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** Without a target nothing is forwarded. */
function proxyConnection(
  client: Socket,
  target: { host?: string; port: number } | undefined,
  delayMs: () => number,
): ProxiedConnection {
  let sent = '';
  let isHalfOpen = target === undefined;
  const upstream = target && createConnection({ host: target.host ?? '127.0.0.1', port: target.port });
  const cut = (): void => {
    for (const socket of [client, upstream]) if (socket?.destroyed === false) socket.resetAndDestroy();
  };

  const carry = (from: Socket, to: Socket | undefined): void => {
    const inOrder = delayedSteps(delayMs);
    from.setNoDelay(true);
    from.on('error', () => {});
    from.on('data', (chunk: Buffer) => {
      if (from === client && sent.length < maxRecordedBytes) sent += chunk.toString('latin1');
      inOrder(() => {
        if (isHalfOpen || to === undefined || to.destroyed || to.write(chunk)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
    });
    from.on('close', (isReset) => {
      if (isHalfOpen) return;
      if (isReset) cut();
      else inOrder(() => to?.end());
    });
  };
  carry(client, upstream);
  if (upstream !== undefined) carry(upstream, client);

  return {
    get isOpen() {
      return !client.destroyed;
    },
    get sent() {
      return sent;
    },
    halfOpen() {
      isHalfOpen = true;
    },
    cut,
  };
}

/** Returns a function that runs steps in order, each after the delay of the time it was given. */
function delayedSteps(delayMs: () => number): (step: () => void) => void {
  let waiting = 0;
  let last = Promise.resolve();
  return (step) => {
    if (waiting === 0 && delayMs() === 0) return step();
    waiting += 1;
    const delayed = pause(delayMs());
    last = last
      .then(() => delayed)
      .then(() => {
        waiting -= 1;
        step();
      });
  };
}
