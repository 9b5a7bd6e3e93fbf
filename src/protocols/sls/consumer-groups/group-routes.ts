/** The routes of consumer groups: one URL serves five calls. */

import * as schemas from '../schemas.ts';
import type { Serve, SlsContext } from '../wire/call.ts';
import { errors } from '../wire/errors.ts';
import { heldOf, known, parsed } from '../wire/request.ts';
import { getCheckpoints, updateCheckpoint } from './checkpoints.ts';
import { createGroup, deleteGroup, listGroups, updateGroup } from './groups.ts';
import { heartbeat } from './heartbeat.ts';

const maxConsumerLength = 256;

export function serveGroups(serve: Serve, context: SlsContext): void {
  const groups = '/logstores/:logstore/consumergroups';
  serve('GET', groups, {}, async ({ project, logstore }) =>
    JSON.stringify(await listGroups(context, project, logstore)),
  );
  serve('POST', groups, { body: schemas.CreateGroupBody }, async ({ project, logstore, body }) => {
    const wanted = parsed(body);
    if (!schemas.checks.createGroup.Check(wanted)) throw errors.groupInfoInvalid();
    await createGroup(
      context,
      project,
      logstore,
      wanted.consumerGroup,
      wanted.timeout,
      wanted.order ?? false,
    );
    return '';
  });
  serve(
    'PUT',
    `${groups}/:group`,
    { body: schemas.UpdateGroupBody },
    async ({ project, logstore, group, body }) => {
      const change = parsed(body);
      if (!schemas.checks.updateGroup.Check(change)) throw errors.groupUpdateInvalid();
      if (change.timeout === undefined && change.order === undefined) throw errors.groupUpdateInvalid();
      await updateGroup(context, project, logstore, group, known(change, schemas.UpdateGroupBody.properties));
      return '';
    },
  );
  serve('GET', `${groups}/:group`, {}, async ({ project, logstore, group, query }) =>
    JSON.stringify(await getCheckpoints(context, project, logstore, group, query.shard)),
  );
  serve('DELETE', `${groups}/:group`, {}, async ({ project, logstore, group }) => {
    await deleteGroup(context, project, logstore, group);
    return '';
  });
  serve(
    'POST',
    `${groups}/:group`,
    { body: schemas.HeartbeatBody },
    async ({ project, logstore, group, query, body, sentAt }) => {
      const { type = '', consumer = '' } = query;
      if (type === 'checkpoint') {
        const wanted = parsed(body);
        if (!schemas.checks.checkpoint.Check(wanted)) throw errors.bodyInvalid();
        const force = query.forceSuccess?.toLowerCase() === 'true';
        await updateCheckpoint(context, project, logstore, group, { ...wanted, consumer, force });
        return '';
      }
      if (type !== 'heartbeat') throw errors.parameterInvalid(`The type ${type} is not supported`);
      if (consumer === '' || consumer.length > maxConsumerLength)
        throw errors.parameterInvalid('consumer is invalid');
      return await heartbeat(context, project, logstore, group, { consumer, held: heldOf(body), sentAt });
    },
  );
}
