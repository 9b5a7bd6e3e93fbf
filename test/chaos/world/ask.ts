/** Commands of an operator to a Redis. */
import { Redis } from 'ioredis';

/** Sends one command on a connection of its own. Rejects without a reply within two seconds. */
export async function ask(port: number, [name = '', ...args]: readonly string[]): Promise<unknown> {
  const client = new Redis(port, '127.0.0.1', {
    retryStrategy: () => null,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

/**
 * Whether a replica has all that its master had, by the `INFO replication` of both: that of the master, read first. A link that is up
 * does not say so.
 */
export function hasCaughtUp(master: string, replica: string): boolean {
  const written = Number(/^master_repl_offset:(\d+)/m.exec(master)?.[1] ?? Number.NaN);
  const applied = Number(/^slave_repl_offset:(\d+)/m.exec(replica)?.[1] ?? Number.NaN);
  return applied >= written;
}
