/** "PullLogs". */
import { Type } from '@sinclair/typebox';
import type { TopicEntry } from '../../../store/store.ts';
import { whenQuery } from '../../kit/operation.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { type Compression, compress, isCompression } from '../wire/compression.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { binaryReply } from '../wire/reply.ts';
import { encodeLogGroupList } from './codec/log-group.ts';
import type { LogContext } from './context.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import {
  logGroupOf,
  type OpenedLog,
  openShard,
  parseCursor,
  receivedAt,
  type ShardRef,
} from './shard-log.ts';

/** Maximum log groups of one reply. */
const maxCount = 1_000;
/** A reply ends with the log group that reaches this size, bytes. */
const maxPullBytes = 10 * 1_024 * 1_024;

const Query = Type.Object({
  type: Type.Union([Type.Literal('log'), Type.Literal('logs')]),
  cursor: Type.String(),
  count: Type.Optional(Type.String({ description: 'maximum log groups; default and maximum 1000' })),
  end_cursor: Type.Optional(Type.String({ description: 'cursor before which the reply ends' })),
});

/** Never waits for more logs: a reply at the end of a shard is empty. */
export function pullLogs(context: LogContext): SlsOperation {
  return {
    name: 'PullLogs',
    summary: 'Returns log groups of a shard from a cursor on',
    method: ['GET', 'HEAD'],
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('type', 'log', 'logs'),
    schema: {
      query: Query,
      replies: { 200: 'A LogGroupList as protocol buffers, compressed as the client accepts it' },
    },
    errors: [...logstoreErrors, 'InvalidCursor', 'NotSupported', 'ShardNotExist'],
    subject: projectSubject,
    async run(call) {
      const { query, headers } = call;
      const log = await readLog(context, call, query);
      const cursor = parseCursor(log, query.cursor ?? '');
      checkQuery(query);
      // The oldest log group may have been dropped in the meantime: then the entries do not begin at the cursor.
      if (log.read.length > 0 && log.read[0]?.position !== cursor) throw errors.InvalidCursor();
      const raw = encodeLogGroupList(log.read.map(({ payload }) => logGroupOf(payload)));
      const compression = acceptedCompression(headers['accept-encoding']);
      const body = compression === undefined ? raw : await compress(raw, compression);
      return binaryReply(
        {
          'content-type': 'application/x-protobuf',
          'x-log-bodyrawsize': String(raw.length),
          ...(compression === undefined ? {} : { 'x-log-compresstype': compression }),
          ...describeEntries(log, cursor),
        },
        body,
      );
    },
  };
}

async function readLog(
  context: LogContext,
  ref: ShardRef,
  query: SlsCall['query'],
): Promise<OpenedLog<readonly TopicEntry[]>> {
  const from = decodeCursor(query.cursor ?? '');
  const limit = limitOf(parseCount(query.count), from, decodeCursor(query.end_cursor ?? ''));
  const { read = [], ...log } = await openShard(context, ref, async ({ tenant, topic }) =>
    from === undefined || from < 1n || limit === 0
      ? []
      : context.store.readTopics({
          tenant,
          topics: [{ topic, after: from - 1n }],
          limit,
          maxBytes: maxPullBytes,
        }),
  );
  return { ...log, read };
}

function describeEntries(
  { end, read }: OpenedLog<readonly TopicEntry[]>,
  cursor: bigint,
): Readonly<Record<string, string>> {
  const next = cursor + BigInt(read.length);
  const newest = read.at(-1);
  return {
    'x-log-count': String(read.length),
    'x-log-cursor': encodeCursor(next),
    'x-log-end-of-cursor': next >= end ? '1' : '0',
    ...(newest === undefined
      ? {}
      : {
          'x-log-cursor-time': String(receivedAt(newest.payload)),
          // Decimal, not base64 as the other cursor.
          'x-log-read-last-cursor': String(newest.position),
        }),
  };
}

function checkQuery({ end_cursor: end = '', query = '', processor = '' }: SlsCall['query']): void {
  if (end !== '' && decodeCursor(end) === undefined) throw errors.ParameterInvalid(`Invalid cursor ${end}.`);
  if (query !== '' || processor !== '') throw errors.NotSupported('PullLogs with query or processor');
}

/** Returns how many log groups there can be between two cursors, each of which may be absent. */
function limitOf(count: number, from: bigint | undefined, to: bigint | undefined): number {
  if (from === undefined || to === undefined) return count;
  if (to <= from) return 0;
  return to - from < BigInt(count) ? Number(to - from) : count;
}

function parseCount(text = ''): number {
  if (text === '') return maxCount;
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count > maxCount)
    throw errors.ParameterInvalid('ParameterCount should be in [0-1000]');
  return count;
}

/** Returns the compression to use. HTTP clients that list everything they can decode do not expect a compression of the vendor's. */
function acceptedCompression(acceptEncoding = ''): Compression | undefined {
  const names = acceptEncoding.split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase() ?? '');
  if (names.includes('lz4')) return 'lz4';
  const [name = ''] = names;
  return names.length === 1 && isCompression(name) ? name : undefined;
}
