/** Entries as they begin: what is known of a request, a message or a refusal before its outcome. */
import type { Refusal } from '../../http/refusal.ts';
import { targetAuthority } from '../../http/server.ts';
import type { WholeRequest } from '../../http/whole/request.ts';
import type { Exchange, Outgoing } from '../../protocols/kit/intercept.ts';
import { KeptEntry } from './entry.ts';

/** Returns the entry of what was refused before it was a request of a protocol. */
export function refusedEntry(
  { what, client, method, url, headers }: Refusal,
  seq: number,
  eventsBefore: number,
): KeptEntry {
  const entry = new KeptEntry(seq, eventsBefore);
  return Object.assign(entry, { protocol: 'none', operation: what, client, method, url, headers });
}

/** Returns the entry of a message to a client's server. */
export function outgoingEntry<Result>(
  message: Outgoing<Result>,
  seq: number,
  eventsBefore: number,
): KeptEntry {
  const { protocol, operation, subject, request, fault } = message;
  return Object.assign(new KeptEntry(seq, eventsBefore), {
    ...{ direction: 'out', protocol, operation, ...subject, ...request, fault },
    body: Buffer.from(request.body),
  });
}

/** Returns the entry of a request. Its members are written out, as this is for every heartbeat. */
export function entryOf(
  { protocol, operation, subject, request }: Exchange,
  seq: number,
  eventsBefore: number,
): KeptEntry {
  const { text, bodyAt } = request.raw as unknown as Partial<WholeRequest>;
  const entry = new KeptEntry(seq, eventsBefore);
  entry.protocol = protocol;
  entry.operation = operation.name;
  entry.tenant = subject.tenant;
  entry.group = subject.group;
  entry.holder = subject.holder;
  entry.client = request.clientAddress;
  entry.method = request.method;
  entry.headers = request.raw.rawHeaders;
  if (text !== undefined) {
    entry.text = text;
    entry.bodyAt = bodyAt ?? 0;
    return entry;
  }
  entry.url = request.raw.url ?? '';
  // Not from `Host` yet: to read one header is to parse all.
  entry.authority = targetAuthority(request);
  if (request.body instanceof Uint8Array) entry.body = request.body;
  return entry;
}
