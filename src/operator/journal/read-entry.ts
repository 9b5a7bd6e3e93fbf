/** What an entry of the journal says: decoded bodies, what the call did, and what followed from it. Computed when somebody reads. */
import type { Meaning, Reader } from '../../protocols/kit/reader.ts';
import type { OperatorEvent } from '../events/events.ts';
import type { Selectable } from '../selector/selector.ts';
import type { Entry } from './entry.ts';

/** What explains entries. */
export interface EntryReader {
  readerOf(protocol: string): Reader | undefined;
  /** Returns the events after one cursor up to another. */
  eventsBetween(after: number, last: number): readonly OperatorEvent[];
}

/** Explains nothing that a protocol would have to. */
export const plainReader: EntryReader = { readerOf: () => undefined, eventsBetween: () => [] };

/** Returns what a selector is compared with. */
export function selectableOf(entry: Entry, reader: EntryReader): Selectable {
  const { protocol, operation, direction } = entry;
  const { tenant, group, holder } = entry.subject;
  return {
    protocol,
    tenant,
    group,
    holder,
    operation,
    direction,
    status: entry.reply?.status,
    answered: entry.state === 'answered',
    body: () => decodeBody(entry.request.body, entry.request.headers, reader.readerOf(protocol)),
  };
}

/** Returns what a call did; undefined before its reply, and where its protocol does not say. */
export function meaningOf(entry: Entry, reader: EntryReader): Meaning | undefined {
  const { protocol, operation, request, reply } = entry;
  const { tenant, group, holder } = entry.subject;
  const protocolReader = reader.readerOf(protocol);
  if (reply === undefined || protocolReader?.meaning === undefined) return undefined;
  return protocolReader.meaning({
    operation,
    subject: {
      ...(tenant === undefined ? {} : { tenant }),
      ...(group === undefined ? {} : { group }),
      ...(holder === undefined ? {} : { holder }),
    },
    url: request.url,
    request: decodeBody(request.body, request.headers, protocolReader),
    reply: { status: reply.status, body: decodeBody(bytesOf(reply.body), reply.headers, protocolReader) },
    leases: causedBy(entry, reader).flatMap(({ type, group: changed }) =>
      type.startsWith('lease.') && changed !== undefined ? [{ type, group: changed }] : [],
    ),
  });
}

/** Returns the events of the same tenant and holder while a request was served. */
export function causedBy(entry: Entry, reader: EntryReader): readonly OperatorEvent[] {
  const { eventsBefore, eventsAfter } = entry;
  const { tenant, group, holder } = entry.subject;
  if (tenant === undefined || eventsAfter === undefined || eventsAfter === eventsBefore) return [];
  const isSame = (event: OperatorEvent): boolean =>
    holder === undefined ? group !== undefined && event.group === group : event.holder === holder;
  return reader
    .eventsBetween(eventsBefore, eventsAfter)
    .filter((event) => event.type !== 'request' && event.tenant === tenant && isSame(event));
}

/** Returns a body as bytes. */
export function bytesOf(body: Uint8Array | string): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Returns a body in the protocol's own form, or as JSON, a form, or text; undefined if there is none, and for other bytes. */
export function decodeBody(
  body: Uint8Array | undefined,
  headers: readonly string[],
  reader: Reader | undefined,
): unknown {
  if (body === undefined || body.byteLength === 0) return undefined;
  return ownForm(body, headers, reader) ?? plainForm(body);
}

function ownForm(body: Uint8Array, headers: readonly string[], reader: Reader | undefined): unknown {
  if (reader?.decode === undefined) return undefined;
  try {
    return reader.decode({ body, headers: headersByName(headers) });
  } catch {
    // What a client sent need not be in the form that its headers tell.
    return undefined;
  }
}

function plainForm(body: Uint8Array): unknown {
  const text = textOf(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return /^[^\s={["]+=/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : text;
  }
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Headers by their lower-case names. */
export function headersByName(headers: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2)
    named[(headers[at] ?? '').toLowerCase()] = headers[at + 1] ?? '';
  return named;
}
