/** Time limits that ioredis lacks: of a connection's handshake, and of its peer's silence. */
import type { Redis } from 'ioredis';

/**
 * Closes the connection with an error whenever it connects over TCP or TLS and is not ready after `limitMs`; ioredis
 * then connects again. Without it, a peer that accepts the connection and stays silent would block it for ever.
 */
export function limitHandshake(redis: Redis, limitMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  redis.on('connect', () => {
    stop();
    timer = afterReading(limitMs, () => {
      if (redis.status === 'connect') dropConnection(redis, `the handshake took longer than ${limitMs} ms`);
    });
  });
  for (const event of ['ready', 'close', 'end']) redis.on(event, stop);
}

export interface SilenceLimit {
  /** Pause between the reply to a probe and the next probe, ms. */
  readonly probeIntervalMs: number;
  /** Longest time without a byte from the peer while a probe waits for its reply, ms. */
  readonly silenceMs: number;
}

/**
 * Sends PING at intervals while the connection is ready, also in subscriber mode, and closes the connection with an
 * error when the peer is silent for too long. A peer that is busy sending other replies is not silent.
 */
export function limitSilence(redis: Redis, { probeIntervalMs, silenceMs }: SilenceLimit): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);

  const probe = (): void => {
    const { stream } = redis;
    const expectBytes = (bytesBefore: number): void => {
      timer = afterReading(silenceMs, () => {
        if (redis.stream !== stream || redis.status !== 'ready') return;
        if (stream.bytesRead > bytesBefore) expectBytes(stream.bytesRead);
        else dropConnection(redis, `no byte received for ${silenceMs} ms`);
      });
    };
    const probeLater = (): void => {
      if (redis.stream !== stream || redis.status !== 'ready') return;
      stop();
      timer = setTimeout(probe, probeIntervalMs);
    };
    stop();
    expectBytes(stream.bytesRead);
    // An error is a reply too; when the connection was closed, its next one starts a probe.
    redis.ping().then(probeLater, probeLater);
  };
  redis.on('ready', probe);
  for (const event of ['close', 'end']) redis.on(event, stop);
}

/**
 * Closes the connection at once, as a network error does: commands in flight fail, and ioredis connects again. Unlike
 * `disconnect`, it does not wait for a peer that may be silent to close its side.
 */
export function dropConnection(redis: Redis, reason: string): void {
  redis.stream.destroy(new Error(reason));
}

/** Calls `then` after `ms`, when everything that arrived while this process was busy has been read. */
export function afterReading(ms: number, then: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(then), ms);
}
