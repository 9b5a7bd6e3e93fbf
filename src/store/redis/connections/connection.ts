/** A connection to one Redis process, of which each step has a time limit. It reconnects by itself. */
import { Redis } from 'ioredis';
import type { Log } from '../../../settings/log.ts';
import { dropConnection, limitHandshake, limitSilence } from './liveness.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export type StoreLog = Pick<Log, 'warn' | 'info'>;

/** Settings that all connections of a driver share. */
export interface ConnectionSettings {
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  readonly db: number;
  /** Longest wait for TCP or TLS to connect, and for the handshake, ms; never more than the limits of this file. */
  readonly timeoutMs: number;
  readonly log: StoreLog;
}

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly purpose: 'commands' | 'subscriber' | 'sentinel';
  /** Maximum silence of the peer before the connection is dropped, ms. */
  readonly silenceMs: number;
  /** Runs each time the connection is ready; the connection takes commands once it resolves. */
  prepare?(redis: Redis): Promise<unknown>;
  /** Called when the connection begins to take commands. */
  onUp?(): void;
  /** Called when the connection, or an attempt to connect, failed; it is retried. */
  onDown?(): void;
}

export interface Connection {
  readonly endpoint: Endpoint;
  readonly redis: Redis;
  /** The reason why it takes no commands now; undefined if it does. */
  readonly fault: Error | undefined;
  close(): void;
}

/** Longest wait for TCP or TLS, ms. */
const maxConnectMs = 1_500;
/** Longest handshake (AUTH, SELECT, INFO), ms: a peer that needs longer is tried again. */
const maxHandshakeMs = 1_000;
/** Longest pause between two attempts to connect, ms. */
const maxRetryMs = 250;
/** Maximum interval between two checks of a Redis that loads its data, ms. */
const maxLoadingRetryMs = 200;
/** Pause before a connection that could not be prepared is replaced, ms. */
const unpreparedMs = 500;
const probeIntervalMs = 500;
/** How long a closed connection waits for the peer to close its side, ms. */
const disconnectMs = 100;

/** Maximum number of reasons that are logged for one outage. */
const maxReported = 5;

/** Opens a connection. It sends no command twice, queues none while it is away, and logs each reason of an outage once. */
export function openConnection(settings: ConnectionSettings, options: ConnectionOptions): Connection {
  const { endpoint, silenceMs } = options;
  const fields = { node: endpointName(endpoint), connection: options.purpose };
  const redis = createRedis(settings, endpoint);
  let fault: Error | undefined = new Error('is not connected yet');
  let lastError: Error | undefined;
  /** The reasons that were logged for the present outage. */
  const reported = new Set<string>();
  let isClosed = false;

  const fail = (error: Error): void => {
    if (isClosed) return;
    fault = error;
    if (!reported.has(error.message) && reported.size < maxReported)
      settings.log.warn({ ...fields, err: error }, 'redis connection failed; retrying');
    if (reported.size < maxReported) reported.add(error.message);
    options.onDown?.();
  };
  const prepare = async (): Promise<void> => {
    const { stream } = redis;
    const isCurrent = (): boolean => !isClosed && redis.stream === stream && redis.status === 'ready';
    try {
      await options.prepare?.(redis);
    } catch (error) {
      if (!isCurrent()) return;
      fail(error as Error);
      setTimeout(() => {
        if (isCurrent()) dropConnection(redis, (error as Error).message);
      }, unpreparedMs);
      return;
    }
    if (!isCurrent()) return;
    fault = undefined;
    if (reported.size > 0) settings.log.info(fields, 'redis connection restored');
    reported.clear();
    options.onUp?.();
  };

  limitHandshake(redis, Math.min(settings.timeoutMs, maxHandshakeMs));
  limitSilence(redis, { probeIntervalMs: Math.min(silenceMs, probeIntervalMs), silenceMs });
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  redis.on('close', () => {
    const error = lastError ?? new Error('the peer closed the connection');
    lastError = undefined;
    fail(error);
  });
  redis.on('ready', prepare);

  return {
    endpoint,
    redis,
    get fault() {
      return fault;
    },
    close() {
      isClosed = true;
      fault = new Error('is closed');
      redis.disconnect();
    },
  };
}

function createRedis(settings: ConnectionSettings, { host, port }: Endpoint): Redis {
  return new Redis({
    host,
    port,
    db: settings.db,
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(settings.tls ? { tls: {} } : {}),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // `prepare` subscribes: nothing could catch a failure of ioredis's own attempt.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: Math.min(settings.timeoutMs, maxConnectMs),
    disconnectTimeout: disconnectMs,
    maxLoadingRetryTime: maxLoadingRetryMs,
    // Saves one round trip before a connection is ready.
    disableClientInfo: true,
    noDelay: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, maxRetryMs),
  });
}

/** Returns `host:port`. */
export function endpointName({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

/** Reads `host:port`, also of an IPv6 host; without a host it is `defaultHost`. */
export function parseEndpoint(name: string, defaultHost: string): Endpoint {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon) || defaultHost, port: Number(name.slice(colon + 1)) };
}
