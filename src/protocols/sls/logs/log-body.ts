/** Decodes request bodies that contain logs: compression and limits, for PutLogs and PutWebtracking. */
import type { SlsCall } from '../wire/call.ts';
import { decompress, isCompression } from '../wire/compression.ts';
import { type ErrorName, errors, type SlsError } from '../wire/errors.ts';
import type { LogContext } from './context.ts';
import { countLogs } from './log-group.ts';

/** A compressed body may be larger than what it contains, bytes. */
const compressionOverheadBytes = 64 * 1_024;

/** Errors of calls whose body contains logs. */
export const logBodyErrors: readonly ErrorName[] = [
  'InvalidBodyRawSize',
  'InvalidCompressType',
  'InvalidContentType',
  'LogStoreWithoutShard',
  'MissingBodyRawSize',
  'MissingContentType',
  'PostBodyInvalid',
  'PostBodyTooLarge',
  'PostBodyUncompressError',
];

/** Returns the maximum size of such a body as sent, bytes. */
export function logBodyLimit({ config }: LogContext): number {
  return config.slsMaxLogGroupBytes + compressionOverheadBytes;
}

/** Returns the error for a log group that exceeds a limit. */
export function logGroupTooLarge({ config }: LogContext): SlsError {
  return errors.PostBodyTooLarge(config.slsMaxLogGroupBytes, config.slsMaxLogsPerGroup);
}

/** Returns the body before compression. Throws the errors of "PutLogs". */
export async function decompressBody(
  context: LogContext,
  { headers, body }: Pick<SlsCall, 'headers' | 'body'>,
): Promise<Buffer> {
  const compression = headers['x-log-compresstype'] ?? '';
  const rawSize = headers['x-log-bodyrawsize'] ?? '';
  // Without compression the size is not checked: one of the vendor's own test requests sends 50 with a body of 52 bytes.
  if (compression === '') return body;
  if (!isCompression(compression)) throw errors.InvalidCompressType(compression);
  if (rawSize === '') throw errors.MissingBodyRawSize();
  if (!/^\d{1,10}$/.test(rawSize)) throw errors.InvalidBodyRawSize(rawSize);
  const size = Number(rawSize);
  if (size > context.config.slsMaxLogGroupBytes) throw logGroupTooLarge(context);
  return decompress(body, compression, size).catch(() => {
    throw errors.PostBodyUncompressError();
  });
}

/** Returns the log group that a body contains, checked. Throws the errors of "PutLogs". */
export async function readLogGroup(
  context: LogContext,
  call: Pick<SlsCall, 'headers' | 'body'>,
): Promise<Buffer> {
  const type = call.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (call.body.length > 0 && type === '') throw errors.MissingContentType();
  if (type !== 'application/x-protobuf') throw errors.InvalidContentType(type);
  const group = await decompressBody(context, call);
  const count = logsIn(group);
  const { slsMaxLogGroupBytes, slsMaxLogsPerGroup } = context.config;
  if (group.length > slsMaxLogGroupBytes || count > slsMaxLogsPerGroup) throw logGroupTooLarge(context);
  return group;
}

function logsIn(group: Buffer): number {
  try {
    return countLogs(group);
  } catch {
    throw errors.PostBodyInvalid('protobuf');
  }
}
