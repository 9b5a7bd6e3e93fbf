/**
 * Logs: put, found by cursor, pulled. Each shard is one topic with dense positions; an entry is the second in which the
 * server received it, and the LogGroup as it came.
 */

import {
  type Logstore,
  logstoreDocument,
  type ResourceContext,
  readLogstore,
  tenantOf,
} from '../resources/logstores/logstores.ts';
import { type LogstoreShard, shardForKey, topicOf } from '../resources/shards/shards.ts';
import { type Compression, compress, decompress, isCompression } from '../wire/compression.ts';
import { errors } from '../wire/errors.ts';
import { decodeCursor, encodeCursor, firstCursor } from './cursor.ts';
import { countLogs, encodeLogGroupList } from './log-group.ts';

export interface LogContext extends ResourceContext {
  readonly config: ResourceContext['config'] & {
    readonly slsMaxLogGroupBytes: number;
    readonly slsMaxLogsPerGroup: number;
    readonly slsMaxShardBytes: number;
    readonly slsMaxShardLogGroups: number;
  };
  /** Which of the shards takes the next LogGroup that names none. */
  readonly turn: { next: number };
}

/** Most LogGroups of one answer ("PullLogs"). */
const maxCount = 1_000;
/** Where an answer ends after the LogGroup that reaches it: what the vendor says one pull may bring. */
const maxPullBytes = 10 * 1_024 * 1_024;
const timeBytes = 4;
const maxAttempts = 8;

export interface PutHeaders {
  readonly contentType: string | undefined;
  readonly rawSize: string | undefined;
  readonly compression: string | undefined;
}

/** The LogGroup of a PutLogs request, checked. Throws the errors of "PutLogs". */
export async function readLogGroup(context: LogContext, headers: PutHeaders, body: Buffer): Promise<Buffer> {
  const type = headers.contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (body.length > 0 && (type === undefined || type === '')) throw errors.missingContentType();
  if (type !== 'application/x-protobuf') throw errors.invalidContentType(type ?? '');
  const group = await uncompressed(context, headers, body);
  const count = logsIn(group);
  const { slsMaxLogGroupBytes, slsMaxLogsPerGroup } = context.config;
  if (group.length > slsMaxLogGroupBytes || count > slsMaxLogsPerGroup) {
    throw errors.logsTooLarge(slsMaxLogGroupBytes, slsMaxLogsPerGroup);
  }
  return group;
}

/** The body of a request as it was before it was compressed. */
export async function uncompressed(
  context: LogContext,
  { rawSize, compression }: Pick<PutHeaders, 'rawSize' | 'compression'>,
  body: Buffer,
): Promise<Buffer> {
  if (compression === undefined || compression === '') {
    // One of the vendor's own test requests says 50 of a body of 52 bytes: only what is compressed needs it.
    return body;
  }
  if (!isCompression(compression)) throw errors.invalidCompressType(compression);
  if (rawSize === undefined || rawSize === '') throw errors.missingBodyRawSize();
  if (!/^\d{1,10}$/.test(rawSize)) throw errors.invalidBodyRawSize(rawSize);
  const { slsMaxLogGroupBytes, slsMaxLogsPerGroup } = context.config;
  const size = Number(rawSize);
  if (size > slsMaxLogGroupBytes) throw errors.logsTooLarge(slsMaxLogGroupBytes, slsMaxLogsPerGroup);
  return decompress(body, compression, size).catch(() => {
    throw errors.bodyUncompress();
  });
}

function logsIn(group: Buffer): number {
  try {
    return countLogs(group);
  } catch {
    throw errors.protobufInvalid();
  }
}

/** Adds a LogGroup to the shard whose range holds the key, or to each in turn. */
export async function putLogs(
  context: LogContext,
  project: string,
  logstore: string,
  key: string | undefined,
  group: Uint8Array,
): Promise<void> {
  const tenant = tenantOf(project);
  const time = Buffer.alloc(timeBytes);
  time.writeUInt32BE(context.nowSeconds());
  const payload = Buffer.concat([time, group]);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { value, version } = await readLogstore(context, project, logstore, attempt > 0);
    const shard = key === undefined ? inTurn(context, value) : shardForKey(value.shards, key);
    const { committed } = await context.store.commit({
      tenant,
      // A shard that was split or merged in between takes no more: its end is fixed from then on.
      guards: [{ ...logstoreDocument(logstore), version }],
      appends: [
        {
          topic: topicOf(value, shard),
          payload,
          after: firstCursor(shard.createTime) - 1n,
          keepEntries: context.config.slsMaxShardLogGroups,
          keepBytes: context.config.slsMaxShardBytes,
        },
      ],
    });
    if (committed) return;
  }
  throw errors.busy();
}

function inTurn({ turn }: LogContext, { shards }: Logstore): LogstoreShard {
  const writable = shards.filter(({ status }) => status === 'readwrite');
  turn.next = (turn.next + 1) % 0x1_0000_0000;
  const shard = writable[turn.next % writable.length];
  if (shard === undefined) throw errors.logstoreWithoutShard();
  return shard;
}

interface ShardLog {
  readonly tenant: string;
  readonly topic: string;
  readonly shard: LogstoreShard;
  /** Of the oldest LogGroup that is kept, or where the shard begins. */
  readonly begin: bigint;
  /** Where the next LogGroup will be; fixed for a shard that takes no more. */
  readonly end: bigint;
}

/**
 * The log of a shard as it is now. What this process remembers of the logstore says where to look, and the logstore is read
 * at the same time: most readers need one round trip. `also`: asked together with it, of the same topic.
 */
async function openShard<T = undefined>(
  context: LogContext,
  project: string,
  logstore: string,
  shardId: string,
  also?: (log: { readonly tenant: string; readonly topic: string }) => Promise<T>,
): Promise<ShardLog & { readonly found: T | undefined }> {
  const tenant = tenantOf(project);
  for (let known = await readLogstore(context, project, logstore, false); ; ) {
    const shard = known.value.shards.find(({ shardID }) => String(shardID) === shardId);
    const topic = shard === undefined ? '' : topicOf(known.value, shard);
    const [now, bounds, found] = await Promise.all([
      readLogstore(context, project, logstore),
      shard === undefined ? undefined : context.store.topicBounds({ tenant, topics: [topic] }),
      shard === undefined ? undefined : also?.({ tenant, topic }),
    ]);
    const isCurrent = now.version === known.version;
    known = now;
    if (!isCurrent) continue;
    if (shard === undefined) throw errors.shardNotExist(shardId);
    const { oldest = 0n, newest = 0n, entries = 0 } = bounds?.[0] ?? {};
    const origin = firstCursor(shard.createTime);
    const [begin, end] = entries === 0 ? [origin, origin] : [oldest, newest + 1n];
    return { tenant, topic, shard, begin, end, found };
  }
}

/** Where each of these shards ends now, in their order. */
export async function endsOf(
  context: ResourceContext,
  project: string,
  logstore: Logstore,
  shards: readonly LogstoreShard[],
): Promise<readonly bigint[]> {
  if (shards.length === 0) return [];
  const bounds = await context.store.topicBounds({
    tenant: tenantOf(project),
    topics: shards.map((shard) => topicOf(logstore, shard)),
  });
  return shards.map((shard, at) => {
    const { newest = 0n, entries = 0 } = bounds[at] ?? {};
    return entries === 0 ? firstCursor(shard.createTime) : newest + 1n;
  });
}

/** `from`: `begin`, `end`, or seconds since 1970: the first LogGroup that was received then or later. */
export async function getCursor(
  context: LogContext,
  project: string,
  logstore: string,
  shardId: string,
  from: string,
): Promise<string> {
  const log = await openShard(context, project, logstore, shardId);
  if (from === 'begin') return encodeCursor(log.begin);
  if (from === 'end') return encodeCursor(log.end);
  if (!/^\d{1,12}$/.test(from)) throw errors.parameterInvalid('Parameter From is not valid');
  const wanted = Number(from);
  // What was received is in the order of time: halving finds the place.
  let low = log.begin;
  let high = log.end;
  while (low < high) {
    const middle = (low + high) / 2n;
    const entry = await firstFrom(context, log, middle);
    if (entry !== undefined && receivedAt(entry.payload) < wanted) low = middle + 1n;
    else high = middle;
  }
  return encodeCursor(low);
}

/** The second in which the LogGroup at the cursor was received. */
export async function getCursorTime(
  context: LogContext,
  project: string,
  logstore: string,
  shardId: string,
  text: string,
): Promise<number> {
  const log = await openShard(context, project, logstore, shardId);
  const cursor = cursorIn(log, text);
  const entry = cursor < log.end ? await firstFrom(context, log, cursor) : undefined;
  if (entry === undefined) throw errors.invalidCursor();
  return receivedAt(entry.payload);
}

async function firstFrom(context: LogContext, { tenant, topic }: ShardLog, cursor: bigint) {
  const [entry] = await context.store.readTopics({
    tenant,
    topics: [{ topic, after: cursor - 1n }],
    limit: 1,
  });
  return entry;
}

function receivedAt(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, timeBytes).getUint32(0);
}

/** A cursor of this shard. Throws ParameterInvalid for what is no cursor, InvalidCursor for one that leads elsewhere. */
function cursorIn({ begin, end }: ShardLog, text: string): bigint {
  const cursor = decodeCursor(text);
  if (cursor === undefined) throw errors.parameterInvalid(`Invalid cursor ${text}.`);
  if (cursor < begin || cursor > end) throw errors.invalidCursor();
  return cursor;
}

export interface PullAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface PullQuery {
  readonly cursor?: string | undefined;
  readonly count?: string | undefined;
  readonly end_cursor?: string | undefined;
  readonly query?: string | undefined;
  readonly processor?: string | undefined;
}

/** LogGroups from a cursor on, up to a count, an end or as many bytes as one answer may have. Never waits for more. */
export async function pullLogs(
  context: LogContext,
  project: string,
  logstore: string,
  shardId: string,
  query: PullQuery,
  acceptEncoding: string | undefined,
): Promise<PullAnswer> {
  const wanted = decodeCursor(query.cursor ?? '');
  const until = query.end_cursor === undefined || query.end_cursor === '' ? undefined : query.end_cursor;
  const last = until === undefined ? undefined : decodeCursor(until);
  const count = countOf(query.count);
  const limit = limitOf(count, wanted, last);
  const log = await openShard(context, project, logstore, shardId, async ({ tenant, topic }) =>
    wanted === undefined || wanted < 1n || limit === 0
      ? []
      : context.store.readTopics({
          tenant,
          topics: [{ topic, after: wanted - 1n }],
          limit,
          maxBytes: maxPullBytes,
        }),
  );
  const cursor = cursorIn(log, query.cursor ?? '');
  if (until !== undefined && last === undefined) throw errors.parameterInvalid(`Invalid cursor ${until}.`);
  if ((query.query ?? '') !== '' || (query.processor ?? '') !== '') {
    throw errors.parameterInvalid('Filtering with query or processor is not supported');
  }
  const entries = log.found ?? [];
  // The oldest may have been dropped since: what follows then does not begin where it was asked for.
  if (entries.length > 0 && entries[0]?.position !== cursor) throw errors.invalidCursor();
  const next = cursor + BigInt(entries.length);
  const raw = encodeLogGroupList(entries.map(({ payload }) => payload.subarray(timeBytes)));
  const compression = compressionOf(acceptEncoding);
  const newest = entries.at(-1);
  return {
    headers: {
      'content-type': 'application/x-protobuf',
      'x-log-count': String(entries.length),
      'x-log-bodyrawsize': String(raw.length),
      'x-log-cursor': encodeCursor(next),
      'x-log-end-of-cursor': next >= log.end ? '1' : '0',
      ...(compression === undefined ? {} : { 'x-log-compresstype': compression }),
      ...(newest === undefined
        ? {}
        : {
            'x-log-cursor-time': String(receivedAt(newest.payload)),
            // Without base64, unlike the other.
            'x-log-read-last-cursor': String(newest.position),
          }),
    },
    body: compression === undefined ? raw : await compress(raw, compression),
  };
}

/** How many log groups there can be between two cursors, of which either may be none. */
function limitOf(count: number, from: bigint | undefined, to: bigint | undefined): number {
  if (from === undefined || to === undefined) return count;
  if (to <= from) return 0;
  return to - from < BigInt(count) ? Number(to - from) : count;
}

function countOf(text: string | undefined): number {
  if (text === undefined || text === '') return maxCount;
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count > maxCount)
    throw errors.parameterInvalid('ParameterCount should be in [0-1000]');
  return count;
}

/** What a client of the service asked for; HTTP clients that list what they know ask for nothing of the kind. */
function compressionOf(acceptEncoding: string | undefined): Compression | undefined {
  const names = (acceptEncoding ?? '')
    .split(',')
    .map((part) => part.split(';', 1)[0]?.trim().toLowerCase() ?? '');
  if (names.includes('lz4')) return 'lz4';
  const [name = ''] = names;
  return names.length === 1 && isCompression(name) ? name : undefined;
}
