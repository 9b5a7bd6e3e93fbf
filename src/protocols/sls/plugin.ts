/** SLS (Alibaba Cloud Simple Log Service) as a module that the server mounts. */
import { SettingError, type SettingsOf } from '../../settings/setting.ts';
import { dateOf } from '../kit/date.ts';
import { dispatch } from '../kit/dispatch.ts';
import type { Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { consumerActors } from './actors/consumer-actor.ts';
import { shardEventTypes } from './consumer-groups/group/shard-events.ts';
import { viewGroups } from './consumer-groups/group/view.ts';
import { beatAsAnswered } from './consumer-groups/heartbeat.ts';
import { explain, moveShard } from './consumer-groups/why/explain.ts';
import { makeSlsContext } from './context.ts';
import { slsOperations } from './operations.ts';
import { operatorRoutes } from './operator/operator-routes.ts';
import { slsReader } from './reader.ts';
import { tenantOf } from './resources/projects/project.ts';
import { slsSettings } from './settings.ts';
import { makeDialect } from './wire/dialect.ts';
import { makeRequestIds } from './wire/reply.ts';

export const sls = {
  name: 'sls',
  title: 'SLS',
  settings: slsSettings,
  checkSettings({ slsAuth, slsKeys }) {
    if (slsAuth !== 'off' && slsKeys.length === 0)
      throw new SettingError(`SLS_AUTH: "${slsAuth}" needs the access keys in SLS_KEYS`);
  },
  create,
} satisfies ProtocolModule<typeof slsSettings>;

function create(provided: ProtocolContext, config: SettingsOf<typeof slsSettings>): Protocol {
  const context = makeSlsContext(provided, config);
  const { wallMs, randomBytes, interceptor } = provided;
  const nextRequestId = makeRequestIds(() => Math.floor(wallMs() / 1_000), randomBytes(4).toString('hex'));
  const operations = slsOperations(context);
  const paths = operations.map(({ path }) => path);
  return {
    ...dispatch({
      dialect: makeDialect({
        config,
        wallMs,
        dateMs: (project) => dateOf(context.store, tenantOf(project)),
        nextRequestId,
        paths,
      }),
      operations,
      interceptor,
    }),
    reader: slsReader,
    eventTypes: shardEventTypes,
    actors: consumerActors(config.slsBaseDomains),
    viewGroups: (tenant, limit) => viewGroups(context, tenant, limit),
    time: { beat: (tenant, group, holder) => beatAsAnswered(context, { tenant, group, holder }) },
    explain: (subject, evidence) => explain(context, subject, evidence),
    moveShard: (move) => moveShard(context, move),
    operatorRoutes: async (app) => operatorRoutes(app, context),
  };
}
