/** "GetLogStore". */
import { type Static, Type } from '@sinclair/typebox';
import type { SlsOperation } from '../../wire/call.ts';
import { logstoreErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject } from '../projects/project.ts';
import { Logstore } from './logstore.ts';
import { readLogstore } from './logstore-store.ts';

const LogstoreReply = Type.Composite([
  Type.Object({ logstoreName: Type.String(), shardCount: Type.Integer() }),
  Type.Required(Type.Pick(Logstore, ['mode'])),
  Type.Omit(Logstore, ['id', 'nextShardId', 'shards', 'mode', 'meteringMode']),
]);

export function getLogstore(context: ResourceContext): SlsOperation {
  return {
    name: 'GetLogStore',
    summary: 'Returns the settings of a logstore',
    method: 'GET',
    path: '/logstores/:logstore',
    schema: { replies: { 200: LogstoreReply } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      const { value } = await readLogstore(context, call);
      return jsonReply(describeLogstore(call.logstore, value));
    },
  };
}

function describeLogstore(
  logstoreName: string,
  { shards, id: _, nextShardId: __, meteringMode: ___, mode = 'standard', ...settings }: Logstore,
): Static<typeof LogstoreReply> {
  return {
    logstoreName,
    shardCount: shards.filter(({ status }) => status === 'readwrite').length,
    mode,
    ...settings,
  };
}
