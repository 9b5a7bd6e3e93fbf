/** The routes of shards and the logs in them. */

import { readLogstore } from '../resources/logstores/logstores.ts';
import { deleteShard, reshape } from '../resources/shards/replace-shards.ts';
import * as schemas from '../schemas.ts';
import type { Call, Operation, Serve, SlsContext } from '../wire/call.ts';
import { errors } from '../wire/errors.ts';
import { shardJson } from '../wire/reply.ts';
import { splitAt, trackedIn, webtrackingOf } from '../wire/request.ts';
import { encodeLogGroup, type NewLogGroup } from './log-group.ts';
import { getCursor, getCursorTime, pullLogs, putLogs, readLogGroup, uncompressed } from './shard-log.ts';

export function serveLogs(serve: Serve, context: SlsContext): void {
  serve('GET', '/logstores/:logstore/shards', {}, async ({ project, logstore }) =>
    JSON.stringify((await readLogstore(context, project, logstore)).value.shards.map(shardJson)),
  );
  const shard = '/logstores/:logstore/shards/:shard';
  serve('DELETE', shard, {}, async ({ project, logstore, shard }) => {
    await deleteShard(context, project, logstore, shard);
    return '';
  });
  serve(['GET', 'HEAD'], shard, {}, async ({ project, logstore, shard, query, headers }) => {
    const { type = '' } = query;
    if (type === 'log' || type === 'logs')
      return pullLogs(context, project, logstore, shard, query, headers['accept-encoding']);
    if (type === 'cursor')
      return JSON.stringify({
        cursor: await getCursor(context, project, logstore, shard, query.from ?? ''),
      });
    if (type === 'cursor_time') {
      const time = await getCursorTime(context, project, logstore, shard, query.cursor ?? '');
      return JSON.stringify({ cursor_time: time });
    }
    throw errors.parameterInvalid(`The type ${type} is not supported`);
  });

  const put =
    (keyOf: (call: Call) => string | undefined): Operation =>
    async (call) => {
      const { project, logstore, headers, body } = call;
      const key = keyOf(call);
      const group = await readLogGroup(
        context,
        {
          contentType: headers['content-type'],
          rawSize: headers['x-log-bodyrawsize'],
          compression: headers['x-log-compresstype'],
        },
        body,
      );
      await putLogs(context, project, logstore, key, group);
      return '';
    };
  serve(
    'POST',
    '/logstores/:logstore',
    { takesLogs: true },
    put(() => undefined),
  );
  serve('POST', shard, { takesLogs: true }, async (call) => {
    const { project, logstore, shard, query } = call;
    if (shard === 'lb') return put(() => undefined)(call);
    if (shard === 'route') return put(() => query.key ?? '')(call);
    if (query.action === 'merge')
      return JSON.stringify(
        (await reshape(context, project, logstore, shard, { action: 'merge' })).map(shardJson),
      );
    if (query.action !== 'split')
      throw errors.parameterInvalid(`The action ${query.action ?? ''} is not supported`);
    const change = { action: 'split', at: splitAt(query) } as const;
    return JSON.stringify((await reshape(context, project, logstore, shard, change)).map(shardJson));
  });

  const track = async ({ project, logstore }: Call, group: NewLogGroup): Promise<string> => {
    const { value } = await readLogstore(context, project, logstore);
    if (!value.enable_tracking) throw errors.trackingDisabled();
    const bytes = encodeLogGroup(group);
    if (
      group.logs.length > context.config.slsMaxLogsPerGroup ||
      bytes.length > context.config.slsMaxLogGroupBytes
    )
      throw errors.logsTooLarge(context.config.slsMaxLogGroupBytes, context.config.slsMaxLogsPerGroup);
    await putLogs(context, project, logstore, undefined, bytes);
    return '';
  };
  // Pages and scripts sign nothing: the logstore itself says whether they may.
  for (const name of ['track', 'track_ua.gif', 'track.gif']) {
    serve('GET', `/logstores/:logstore/${name}`, { isOpen: true }, (call) =>
      track(call, trackedIn(call.query, context.nowSeconds())),
    );
  }
  serve(
    'POST',
    '/logstores/:logstore/track',
    { isOpen: true, takesLogs: true, body: schemas.WebtrackingBody },
    async (call) => {
      const { headers } = call;
      const body = await uncompressed(
        context,
        { rawSize: headers['x-log-bodyrawsize'], compression: headers['x-log-compresstype'] },
        call.body,
      );
      return track(call, webtrackingOf(body, context.nowSeconds()));
    },
  );
}
