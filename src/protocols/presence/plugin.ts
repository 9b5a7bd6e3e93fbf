/** The Presence protocol (PubNub). */
import { Gauge, type Registry } from 'prom-client';
import { SettingError } from '../../settings/setting.ts';
import { dispatch } from '../kit/dispatch.ts';
import type { Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { makeAccess } from './access/access.ts';
import { parseKeyset } from './access/keysets.ts';
import { subscriberActors } from './actors/subscriber-actor.ts';
import type { PresenceContext, PresenceSettings } from './context.ts';
import { debugLog } from './debug-log.ts';
import { makeIntervalEvents } from './membership/events/interval-events.ts';
import { makeOwnJoins } from './membership/own-joins.ts';
import { selectPresenceChannels } from './membership/presence-channels.ts';
import { explain } from './membership/why.ts';
import { presenceOperations } from './operations.ts';
import { operatorRoutes } from './operator/operator-routes.ts';
import { presenceEventTypes, presenceReader } from './reader.ts';
import { presenceSettings } from './settings.ts';
import { makePolls, type Polls } from './subscribe/polls.ts';
import { presenceDialect } from './wire/dialect.ts';

export const presence = {
  name: 'presence',
  title: 'Presence',
  settings: presenceSettings,
  checkSettings(settings: PresenceSettings) {
    if (settings.presenceAuth === 'verify' && settings.presenceKeys.length === 0)
      throw new SettingError('PRESENCE_AUTH: "verify" needs the keysets in PRESENCE_KEYS');
  },
  create,
} satisfies ProtocolModule<typeof presenceSettings>;

/** Makes the polls, which metrics count. */
function countedPolls(registry: Registry): Polls {
  const polls = makePolls();
  new Gauge({
    name: 'heartbeatd_presence_held_polls',
    help: 'Subscribes that wait for something to answer',
    registers: [registry],
    collect() {
      this.set(polls.held);
    },
  });
  return polls;
}

function create(server: ProtocolContext, settings: PresenceSettings): Protocol {
  const { store, wallMs, log, interceptor } = server;
  const keysets = settings.presenceKeys.flatMap((text) => parseKeyset(text) ?? []);
  const context: PresenceContext = {
    store,
    settings,
    presenceChannels: selectPresenceChannels(settings.presenceChannels),
    access: makeAccess({ store, keysets, verifies: settings.presenceAuth === 'verify', wallMs }),
    polls: countedPolls(server.registry),
    ownJoins: makeOwnJoins(),
    debug: debugLog(log),
    wallMs,
  };
  const dispatched = dispatch({
    dialect: presenceDialect(context),
    operations: presenceOperations(context),
    interceptor,
  });
  const intervals = makeIntervalEvents({
    store,
    announceMax: settings.presenceAnnounceMax,
    intervalMs: settings.presenceIntervalSeconds * 1_000,
    emit: (event) => server.emit?.(event),
    gather: server.gather,
    nodeId: server.randomBytes(8).toString('hex'),
  });
  return {
    ...dispatched,
    async routes(app) {
      // The store may outlive the app.
      app.addHook('onClose', async () => {
        unobserve();
        intervals.close();
      });
      const unobserve = store.observeResets((tenant) => context.polls.reset(tenant));
      await dispatched.routes(app);
    },
    reader: presenceReader,
    eventTypes: presenceEventTypes,
    operatorRoutes: async (app) => operatorRoutes(app, context),
    actors: subscriberActors(settings.presenceTimeoutSeconds),
    explain: (subject, evidence) => explain(context, subject, evidence),
    time: {
      tenants: intervals.tenants,
      nextMs: intervals.nextMs,
      isActive: (tenant) =>
        intervals.nextMs(tenant) !== undefined ||
        context.polls.list().some((poll) => tenant === '' || poll.tenant === tenant),
      async settle(tenant) {
        await context.polls.settled();
        await intervals.settle(tenant);
      },
    },
  };
}
