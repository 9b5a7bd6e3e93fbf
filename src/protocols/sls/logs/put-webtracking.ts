/** "PutWebtracking": unsigned logs of web pages and scripts, as JSON. */
import { Type } from '@sinclair/typebox';
import { validator } from '../../kit/validate.ts';
import type { LogstoreRef } from '../resources/logstores/logstore.ts';
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { binaryReply, emptyReply } from '../wire/reply.ts';
import { parseJson } from '../wire/request.ts';
import { appendLogGroup } from './append-log-group.ts';
import type { LogContext } from './context.ts';
import { decompressBody, logBodyErrors, logBodyLimit, logGroupTooLarge } from './log-body.ts';
import { encodeLogGroup, type NewLogGroup } from './log-group.ts';

const texts = Type.Record(Type.String(), Type.String());
const Body = Type.Object({
  __topic__: Type.Optional(Type.String()),
  __source__: Type.Optional(Type.String()),
  __tags__: Type.Optional(texts),
  __logs__: Type.Array(texts, { minItems: 1 }),
});
const checkBody = validator(Body);
const path = '/logstores/:logstore/track';

export function putWebtracking(context: LogContext): SlsOperation {
  return {
    name: 'PutWebtracking',
    summary: 'Writes logs of a web page or script, if web tracking is enabled for the logstore',
    method: 'POST',
    path,
    bodyLimit: logBodyLimit(context),
    schema: { body: Body, replies: { 200: 'Written' } },
    errors: [...logstoreErrors, ...logBodyErrors],
    isPublic: true,
    subject: projectSubject,
    async run(call) {
      const body = checkBody(parseJson(await decompressBody(context, call)), () =>
        errors.PostBodyInvalid('JSON'),
      );
      await trackLogs(context, call, {
        topic: body.__topic__ ?? '',
        source: body.__source__ ?? '',
        tags: body.__tags__ ?? {},
        time: context.nowSeconds(),
        logs: body.__logs__,
      });
      return emptyReply;
    },
  };
}

/** Replies to a browser that asks whether a page of another origin may send JSON. */
export const webtrackingPreflight: SlsOperation = {
  name: 'WebtrackingPreflight',
  summary: 'Allows pages of all origins to send logs',
  method: 'OPTIONS',
  path,
  isHidden: true,
  schema: { replies: { 200: 'Allowed' } },
  errors: [],
  isAccountLevel: true,
  isPublic: true,
  subject: projectSubject,
  run: () =>
    binaryReply(
      {
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers':
          'content-type, x-log-apiversion, x-log-bodyrawsize, x-log-compresstype',
      },
      '',
    ),
};

/** Appends logs of web tracking. Throws Unauthorized unless web tracking is enabled for the logstore. */
export async function trackLogs(context: LogContext, ref: LogstoreRef, group: NewLogGroup): Promise<void> {
  const { value } = await readLogstore(context, ref);
  if (!value.enable_tracking) throw errors.Unauthorized('web tracking is not enabled for the logstore');
  const bytes = encodeLogGroup(group);
  const { slsMaxLogsPerGroup, slsMaxLogGroupBytes } = context.config;
  if (group.logs.length > slsMaxLogsPerGroup || bytes.length > slsMaxLogGroupBytes)
    throw logGroupTooLarge(context);
  await appendLogGroup(context, ref, { group: bytes });
}
