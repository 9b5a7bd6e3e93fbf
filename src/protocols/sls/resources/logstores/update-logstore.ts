/** "UpdateLogStore". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { checkArchive, checkSettings, isModeChangeAllowed } from './check-settings.ts';
import { type LogstoreSettings, settingsMembers } from './logstore.ts';
import { changeLogstore } from './logstore-store.ts';

const Body = Type.Object({ ...settingsMembers, shardCount: Type.Optional(Type.Integer()) });
const checkBody = validator(Body);

export function updateLogstore(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateLogStore',
    summary: 'Changes the settings of a logstore',
    method: 'PUT',
    path: '/logstores/:logstore',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...logstoreErrors, 'LogStoreInfoInvalid', 'LogstoreModeFixed', 'PostBodyInvalid'],
    subject: projectSubject,
    async run(call) {
      const change = checkBody(withoutNulls(parseJson(call.body)), () => errors.LogStoreInfoInvalid());
      const settings = withoutDefaults(pickMembers(change, settingsMembers));
      const lastModifyTime = await context.nowSeconds(tenantOf(call.project));
      await changeLogstore(context, call, (before) => {
        if (!isModeChangeAllowed(before.mode, settings.mode)) throw errors.LogstoreModeFixed();
        const after = { ...before, ...settings, lastModifyTime };
        if (settings.infrequentAccessTTL === undefined) checkArchive(after);
        checkSettings(after);
        return [after, undefined];
      });
      return emptyReply;
    },
  };
}

/** Returns settings without the times of storage that are -1: clients write it where their caller set nothing. */
function withoutDefaults(settings: LogstoreSettings): LogstoreSettings {
  const { hot_ttl, infrequentAccessTTL, ...others } = settings;
  return {
    ...others,
    ...(hot_ttl === undefined || hot_ttl === -1 ? {} : { hot_ttl }),
    ...(infrequentAccessTTL === undefined || infrequentAccessTTL === -1 ? {} : { infrequentAccessTTL }),
  };
}
