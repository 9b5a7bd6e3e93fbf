/**
 * The address of a client, one concept for the whole server: lock-outs, networks of users, default callbacks, rate limits, the
 * journal and the request log. It is the address of the connection or, behind trusted proxies, what they state in X-Forwarded-For.
 */

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { networks } from '../settings/networks.ts';

/** Where a connection keeps its client's address: it does not know it any more once its client has reset it, and every request asks. */
const address = Symbol('address');

/** A connection, or a stream in its place. */
type Connection = Duplex & { readonly remoteAddress?: string | undefined; [address]?: string };

/** Keeps the address of a new connection for its requests, also those that are handled after its end. */
export function rememberAddress(connection: Connection): void {
  if (connection.remoteAddress !== undefined) connection[address] = plainAddress(connection.remoteAddress);
}

/**
 * Returns a function that returns the address of a request's client: IPv4 also where it was mapped to IPv6, without a zone; empty if the
 * client left before its address was known. Throws RangeError for a text that is not a network.
 */
export function makeClientAddress(trustedProxies: readonly string[]): (request: FastifyRequest) => string {
  if (trustedProxies.length === 0) return ({ raw }) => addressOf(raw.socket);
  const trusted = networks(trustedProxies);
  return ({ raw }) => {
    const forwarded = String(raw.headers['x-forwarded-for'] ?? '').split(',');
    let client = addressOf(raw.socket);
    // Each proxy appends the address that it was reached from; what comes before the last untrusted one may be made up.
    while (trusted.has(client)) {
      const next = parseForwarded(forwarded.pop());
      if (next === undefined) break;
      client = next;
    }
    return client;
  };
}

function addressOf(connection: Connection): string {
  if (connection[address] === undefined) rememberAddress(connection);
  return connection[address] ?? '';
}

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  return mapped.exec(address)?.[1] ?? address.split('%')[0] ?? '';
}

/** Reads one entry of X-Forwarded-For, which may have a port; undefined if it is not an address. */
function parseForwarded(entry: string | undefined): string | undefined {
  const text = entry?.trim() ?? '';
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = plainAddress(bare);
  return isIP(address) === 0 ? undefined : address;
}
