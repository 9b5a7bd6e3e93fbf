/** "PutWebtracking": unsigned logs of web pages and scripts, as JSON. */
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject, tenantOf } from '../resources/projects/project.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { binaryReply, emptyReply } from '../wire/reply.ts';
import { appendLogGroups } from './append-log-groups.ts';
import { JsonLogs, readJsonLogs } from './codec/json-logs.ts';
import { checkGroup, decompressBody, logBodyErrors, logBodyLimit } from './codec/log-body.ts';
import { encodeLogGroup, type NewLogGroup } from './codec/log-group.ts';
import type { LogContext } from './context.ts';

const path = '/logstores/:logstore/track';

export function putWebtracking(context: LogContext): SlsOperation {
  return {
    name: 'PutWebtracking',
    summary: 'Writes logs of a web page or script, if web tracking is enabled for the logstore',
    method: 'POST',
    path,
    bodyLimit: logBodyLimit(context),
    schema: { body: JsonLogs, replies: { 200: 'Written' } },
    errors: [...logstoreErrors, ...logBodyErrors],
    isPublic: true,
    subject: projectSubject,
    async run(call) {
      const body = await decompressBody(context, call);
      await trackLogs(context, call, readJsonLogs(body, await context.nowSeconds(tenantOf(call.project))));
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
export async function trackLogs(context: LogContext, call: SlsCall, group: NewLogGroup): Promise<void> {
  const { value } = await readLogstore(context, call);
  if (!value.enable_tracking) throw errors.Unauthorized('web tracking is not enabled for the logstore');
  const groups = [checkGroup(context, encodeLogGroup(group))];
  await appendLogGroups(context, call, { groups, clientIp: call.client.clientAddress });
}
