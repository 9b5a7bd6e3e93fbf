/** A limit for the handshake of a connection: ioredis waits for AUTH, SELECT and INFO without one. */
import type { Redis } from 'ioredis';

/** Longest handshake after TCP or TLS connected, ms: a peer that needs longer is retried, not waited for. */
const maxHandshakeMs = 1_000;

/**
 * Closes the connection with an error whenever it connects and is not ready after `timeoutMs`, or one second if that is
 * less; ioredis then connects again. Without it a peer that accepts and stays silent is waited for without end.
 */
export function limitHandshake(redis: Redis, timeoutMs: number): void {
  const limitMs = Math.min(timeoutMs, maxHandshakeMs);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  redis.on('connect', () => {
    stop();
    // Replies that arrived while this process was busy are read before the limit is applied.
    timer = setTimeout(() => setImmediate(closeUnlessReady), limitMs);
  });
  for (const event of ['ready', 'close', 'end']) redis.on(event, stop);

  function closeUnlessReady(): void {
    if (redis.status === 'connect') dropConnection(redis, `the handshake took longer than ${limitMs} ms`);
  }
}

/**
 * Closes the connection at once, as a network error does: commands in flight fail, and ioredis connects again. Unlike
 * `disconnect`, it does not wait for a peer that may be silent to close its side.
 */
export function dropConnection(redis: Redis, reason: string): void {
  redis.stream.destroy(new Error(reason));
}
