/** Receives append notifications of all partitions, on a connection of its own. */
import type { Redis } from 'ioredis';
import type { Tenant } from '../../leases.ts';
import type { Connection, ConnectionOptions, Endpoint } from './connection.ts';

export interface AppendListenerOptions {
  readonly channels: readonly string[];
  /** Returns the processes, of which any serves; `follow` is called when they change. */
  endpoints(): readonly Endpoint[];
  open(options: Omit<ConnectionOptions, 'purpose' | 'silenceMs'>): Connection;
  onAppend(tenant: Tenant, topic: string): void;
  /** Called when a subscription begins: earlier notifications may have been lost. */
  onGap(): void;
}

export interface AppendListener {
  /** Resolves when the first subscription is active. */
  readonly listening: Promise<void>;
  /** Moves to another process if the present one is no longer among the endpoints. */
  follow(): void;
  close(): void;
}

/** Pause before a connection to another process is tried, ms. */
const rotateMs = 100;

export function listenForAppends(options: AppendListenerOptions): AppendListener {
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  let connection: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;
  let isClosed = false;

  const prepare = async (redis: Redis): Promise<void> => {
    redis.removeAllListeners('messageBuffer').on('messageBuffer', (_channel, message: Buffer) => {
      const { tenant, topic } = parseAppend(message);
      options.onAppend(tenant, topic);
    });
    await redis.subscribe(...options.channels);
  };
  const connect = (endpoint: Endpoint): void => {
    connection?.close();
    connection = options.open({
      endpoint,
      prepare,
      onUp() {
        resolve();
        options.onGap();
      },
      onDown: rotateSoon,
    });
  };
  // The connection retries the same process; another process, if there is one, serves sooner.
  const rotateSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const others = options.endpoints().filter(({ host, port }) => !isAt(host, port));
      turn += 1;
      const next = others[turn % others.length];
      if (next !== undefined && connection?.fault !== undefined) connect(next);
    }, rotateMs);
  };
  const isAt = (host: string, port: number): boolean =>
    connection?.endpoint.host === host && connection.endpoint.port === port;
  const follow = (): void => {
    const endpoints = options.endpoints();
    if (isClosed || endpoints.some(({ host, port }) => isAt(host, port))) return;
    turn += 1;
    const next = endpoints[turn % endpoints.length];
    if (next !== undefined) connect(next);
  };

  follow();
  return {
    listening,
    follow,
    close() {
      isClosed = true;
      clearTimeout(timer);
      connection?.close();
    },
  };
}

/** Reads `<length of the tenant in bytes>:<tenant><topic>`. */
function parseAppend(message: Buffer): { tenant: Tenant; topic: string } {
  const colon = message.indexOf(':');
  const middle = colon + 1 + Number(message.toString('latin1', 0, colon));
  return { tenant: message.toString('utf8', colon + 1, middle), topic: message.toString('utf8', middle) };
}
