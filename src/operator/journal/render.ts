/** How an entry of the journal is shown: as JSON, as a curl command, or in a HAR file. Secrets are masked. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import { isSecretName, withoutSecrets } from '../../http/log/request-log.ts';
import { actorOf } from '../../protocols/kit/actors/address.ts';
import type { Reader } from '../../protocols/kit/reader.ts';
import type { Entry } from './entry.ts';
import { bytesOf, causedBy, decodeBody, type EntryReader, headersByName, meaningOf } from './read-entry.ts';

const maxMaskedDepth = 20;

const renderedBody = {
  body: Type.Unknown({ description: 'decoded where that is possible, else as base64; secrets are masked' }),
  bodyBytes: Type.Integer(),
  bodyEncoding: Type.Optional(Type.Literal('base64')),
};
const RenderedBody = Type.Object(renderedBody);
type RenderedBody = Static<typeof RenderedBody>;
const Headers = Type.Record(Type.String(), Type.String());
const Name = Type.Union([Type.String(), Type.Null()]);

/** An entry of the journal as the operator API shows it. */
export const RenderedEntry = Type.Object(
  {
    seq: Type.Integer(),
    at: Type.String({ description: 'wall time of receipt, with the body; ISO 8601' }),
    leaseMs: Type.Union([Type.Number(), Type.Null()], {
      description: "the tenant's lease clock at receipt; null over Redis, and for requests without a tenant",
    }),
    direction: Type.Union([Type.Literal('in'), Type.Literal('out')]),
    state: Type.Union([
      Type.Literal('pending'),
      Type.Literal('answered'),
      Type.Literal('aborted'),
      Type.Literal('dropped'),
    ]),
    protocol: Type.String(),
    operation: Type.String({ description: "the vendor's name of the call" }),
    tenant: Name,
    group: Name,
    holder: Name,
    client: Type.Union([Type.String(), Type.Null()], {
      description: 'address of the client; null for what the server sent',
    }),
    actor: Type.Union([Type.String(), Type.Null()], {
      description: 'the actor whose request it is, or to which the server sent; null: a real client',
    }),
    request: Type.Object({ method: Type.String(), url: Type.String(), headers: Headers, ...renderedBody }),
    reply: Type.Union([
      Type.Object({ status: Type.Integer(), headers: Headers, ...renderedBody }),
      Type.Null(),
    ]),
    ms: Type.Union([Type.Number(), Type.Null()], {
      description: 'time from the head of the request to the reply, so that a body which comes slowly counts',
    }),
    meaning: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description:
        'what the call did, such as {"renewed": true, "held": [0, 1], "assigned": [], "revoked": [2]}',
    }),
    caused: Type.Array(Type.Integer(), {
      description: 'events of the same tenant and holder while the request was served',
    }),
    fault: Type.Union([Type.String(), Type.Null()], { description: 'the fault rule that fired on it' }),
    notes: Type.Array(Type.String()),
    node: Type.Optional(Type.String({ description: 'over Redis: the node that served or sent it' })),
  },
  { description: 'A request with its reply' },
);
export type RenderedEntry = Static<typeof RenderedEntry>;

/** Returns the entry as the operator API shows it. */
export function renderEntry(entry: Entry, reader: EntryReader): RenderedEntry {
  const { request, reply } = entry;
  const own = reader.readerOf(entry.protocol);
  return {
    seq: entry.seq,
    at: new Date(entry.atMs).toISOString(),
    leaseMs: entry.leaseMs ?? null,
    direction: entry.direction,
    state: entry.state,
    protocol: entry.protocol,
    operation: entry.operation,
    tenant: entry.subject.tenant ?? null,
    group: entry.subject.group ?? null,
    holder: entry.subject.holder ?? null,
    client: entry.client ?? null,
    actor: actorOf(entry.client ?? hostOf(request.url)) ?? null,
    request: {
      method: request.method,
      url: urlOf(entry),
      headers: masked(headersByName(request.headers), 0) as Record<string, string>,
      ...bodyMembers(request.body, request.headers, own),
    },
    reply:
      reply === undefined
        ? null
        : {
            status: reply.status,
            headers: headersByName(reply.headers),
            ...bodyMembers(reply.body, reply.headers, own),
          },
    ms: entry.durationMs ?? null,
    meaning: meaningOf(entry, reader) ?? null,
    caused: causedBy(entry, reader).map(({ seq }) => seq),
    fault: entry.fault ?? null,
    notes: [...(entry.notes ?? [])],
  };
}

/** Returns the host of an absolute URL; empty for a path. */
function hostOf(url: string): string {
  return url.startsWith('/') ? '' : new URL(url).hostname;
}

function urlOf({ request }: Entry): string {
  const url = withoutSecrets(request.url);
  return url.startsWith('/')
    ? `http://${request.authority ?? headersByName(request.headers).host ?? ''}${url}`
    : url;
}

function bodyMembers(
  body: Uint8Array | string | undefined,
  headers: readonly string[],
  reader: Reader | undefined,
): RenderedBody {
  if (body === undefined || body.length === 0) return { body: null, bodyBytes: 0 };
  const bytes = bytesOf(body);
  const decoded = decodeBody(bytes, headers, reader);
  return decoded === undefined
    ? { body: Buffer.from(bytes).toString('base64'), bodyEncoding: 'base64', bodyBytes: bytes.byteLength }
    : { body: masked(decoded, 0), bodyBytes: bytes.byteLength };
}

function masked(value: unknown, depth: number): unknown {
  if (depth > maxMaskedDepth) return '…';
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecretName(name) ? '***' : masked(member, depth + 1),
    ]),
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a curl command that sends the request again; masked values have to be filled in. */
export function renderCurl(entry: Entry): string {
  const { method, body } = entry.request;
  const headers = headersByName(entry.request.headers);
  const decoded = decodeBody(body, entry.request.headers, undefined);
  const kept = ['content-type', 'x-log-bodyrawsize', 'x-log-compresstype'].flatMap((name) => {
    const value = headers[name];
    return value !== undefined ? [`-H ${quoted(`${name}: ${value}`)}`] : [];
  });
  const data = decoded === undefined ? [] : [`--data-binary ${quoted(textOfBody(masked(decoded, 0)))}`];
  return ['curl', ...(method === 'GET' ? [] : [`-X ${method}`]), ...kept, ...data, quoted(urlOf(entry))].join(
    ' ',
  );
}

const textOfBody = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** Returns the parameters of a URL, which may be any that a client sent. */
function queryOf(url: string): { readonly name: string; readonly value: string }[] {
  const from = url.indexOf('?');
  const parameters = new URLSearchParams(from === -1 ? '' : url.slice(from + 1));
  return [...parameters].map(([name, value]) => ({ name, value }));
}

/** What entries are rendered as: objects of the operator API, entries of a HAR document, or curl commands. */
export type EntryFormat = 'json' | 'har' | 'curl';

/** Returns an entry as a format has it. */
export function renderAs(format: EntryFormat, entry: Entry, reader: EntryReader): unknown {
  if (format === 'curl') return renderCurl(entry);
  return format === 'har' ? harEntry(entry, reader) : renderEntry(entry, reader);
}

/** Returns a HAR 1.2 document, which browsers and proxies' tools open, of entries in that format. */
export function harOf(entries: readonly unknown[], version: string): Record<string, unknown> {
  return { log: { version: '1.2', creator: { name: 'heartbeatd', version }, entries } };
}

function harEntry(entry: Entry, reader: EntryReader): Record<string, unknown> {
  const own = reader.readerOf(entry.protocol);
  const { request, reply } = entry;
  const nameValues = (named: Record<string, unknown>) =>
    Object.entries(named).map(([name, value]) => ({ name, value: String(value) }));
  const url = urlOf(entry);
  const body = textOfBody(bodyMembers(request.body, request.headers, own).body ?? '');
  const replyHeaders = headersByName(reply?.headers ?? []);
  const content =
    reply === undefined ? '' : textOfBody(bodyMembers(reply.body, reply.headers, own).body ?? '');
  return {
    startedDateTime: new Date(entry.atMs).toISOString(),
    time: entry.durationMs ?? 0,
    request: {
      method: request.method,
      url,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: nameValues(masked(headersByName(request.headers), 0) as Record<string, unknown>),
      queryString: queryOf(url),
      headersSize: -1,
      bodySize: request.body?.byteLength ?? 0,
      ...(body === ''
        ? {}
        : { postData: { mimeType: headersByName(request.headers)['content-type'] ?? '', text: body } }),
    },
    response: {
      status: reply?.status ?? 0,
      statusText: '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: nameValues(replyHeaders),
      content: { size: reply?.body.length ?? 0, mimeType: replyHeaders['content-type'] ?? '', text: content },
      redirectURL: '',
      headersSize: -1,
      bodySize: reply?.body.length ?? 0,
    },
    cache: {},
    timings: { send: 0, wait: entry.durationMs ?? 0, receive: 0 },
  };
}
