/** What no vendor has: health, metrics, the live view of leases, the clock, a reset, the OpenAPI document. */
import { crc32 } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OperatorRefusal } from '../protocols/kit/operator/refusal.ts';
import type { App, Protocol } from '../protocols/kit/protocol.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import type { AccessSettings } from './access/access.ts';
import { guard } from './access/guard.ts';
import { actorRoutes } from './actors/actor-routes.ts';
import { makeActors } from './actors/actors.ts';
import { ofAllNodes } from './actors/nodes/all-nodes.ts';
import type { Inject } from './actors/send.ts';
import { clockRoutes } from './clock/clock-routes.ts';
import { makeOtherNodes } from './clock/other-nodes.ts';
import { consoleRoutes, isForPage } from './console/console-routes.ts';
import { collectDocumentedRoutes, documentRoutes } from './document/document-routes.ts';
import { collectRoutes, indexRoutes, startRoute } from './document/index-routes.ts';
import type { Fault } from './faults/fault.ts';
import { healthRoutes } from './health/health-routes.ts';
import { checkProtocols } from './known-names.ts';
import { endLeasesRoutes } from './leases/end-leases.ts';
import { leaseRoutes } from './leases/lease-routes.ts';
import { moveShardRoutes } from './leases/move-shard.ts';
import type { Metrics } from './metrics/metrics.ts';
import { metricsRoutes } from './metrics/metrics-routes.ts';
import type { Overview } from './overview/overview.ts';
import { readRequests } from './requests.ts';
import { type SettingView, settingsRoutes } from './settings-view/settings-routes.ts';
import { stateRoutes } from './state/state-routes.ts';
import type { StateDocument } from './state/state-schema.ts';
import type { TestBench } from './test-bench.ts';
import { whyRoutes } from './why/why-routes.ts';

export interface OperatorOptions {
  readonly store: Store;
  /** HOST is where the operator API listens. */
  readonly config: AccessSettings & { readonly console: boolean };
  readonly metrics: Metrics;
  readonly bench: TestBench;
  readonly overview: Overview;
  /** The effective settings as they are shown. */
  settings(): readonly SettingView[];
  /** Whether the server is about to stop, so that load balancers should choose another. */
  isDraining(): boolean;
  /** Returns the port of vendor clients; null: the operator API's own. */
  vendorPort(): number | null;
  readonly wallMs: () => number;
  /** Passes a request to the port of vendors as if it came from a connection. */
  readonly inject: Inject;
  /** Fault rules that a reset to the seed returns to. */
  readonly startFaults?: readonly Fault[] | undefined;
  /** What a reset returns to; absent: nothing. */
  readonly seed?: StateDocument | undefined;
  readonly protocols: readonly Pick<
    Protocol,
    'name' | 'viewGroups' | 'operatorRoutes' | 'openApi' | 'time' | 'explain' | 'moveShard' | 'actors'
  >[];
}

const root = '/_heartbeatd';

/** Whether a path belongs to the operator API; all of it but health is guarded. */
export function isOperatorPath(path: string): boolean {
  return path.startsWith(`${root}/`) || path === root || ['/healthz', '/readyz', '/metrics'].includes(path);
}

/** Registers the probes alone, for a port that serves nothing else of the operator API. */
export function probes(app: App, store: Store, isDraining: () => boolean): void {
  app.setErrorHandler<Error>((error, request, reply) => sendError(error, request, reply));
  healthRoutes(app, store, isDraining);
}

/** Registers the routes; errors stay inside and are plain JSON. */
export async function operator(app: App, options: OperatorOptions): Promise<void> {
  const { store, config, metrics, protocols, bench } = options;
  const isDraining = (): boolean => options.isDraining();
  app.setErrorHandler<Error>((error, request, reply) => sendError(error, request, reply));
  readRequests(app);
  const listed = collectRoutes(app);
  const documented = collectDocumentedRoutes(app);
  const actors = makeActors({
    ...{ store, protocols, wallMs: options.wallMs },
    idPrefix: store.isShared ? `actor-${crc32(bench.nodeId).toString(16)}-` : 'actor-',
    inject: (request) => options.inject(request),
    ids: { nodeId: bench.nodeId, claims: bench.claims },
  });
  app.addHook('preClose', async () => actors.close());
  const endActors = bench.everywhere('actors', (tenant) => actors.endAll('crashed', tenant));
  const { nodeId, claims, liveNodes, gather } = bench;
  const sharedActors = ofAllNodes({ actors, nodeId, isShared: store.isShared, claims, liveNodes, gather });
  healthRoutes(app, store, isDraining);
  startRoute(app, listed, config.console);
  const page = config.console ? consoleRoutes(app) : undefined;
  await app.register(async (guarded) => {
    // Before the guard: the page is open to every browser, and asks its user for the token.
    if (page !== undefined)
      guarded.addHook('onRequest', async (request, reply) => {
        if (isForPage(request)) await page.sendPage(request, reply);
      });
    guard(guarded as unknown as App, config);
    metricsRoutes(guarded as unknown as App, metrics);
    await guarded.register(
      async (instance) => {
        nameOperations(instance);
        instance.addHook('preHandler', checkProtocols(protocols.map(({ name }) => name)));
        const routes = instance as unknown as App;
        leaseRoutes(routes, store, protocols);
        endLeasesRoutes(routes, store, protocols);
        moveShardRoutes(routes, protocols);
        const { history, journal } = bench;
        whyRoutes(routes, { store, protocols, history, journal, gather: bench.gather });
        options.overview.routes(routes);
        settingsRoutes(routes, () => options.settings());
        const monotonicMs = (): number => performance.now();
        const clocks = { store, protocols, actors, events: bench.events, monotonicMs };
        const otherNodes = makeOtherNodes({ ...clocks, nodes: store.isShared ? bench : undefined });
        clockRoutes(routes, { ...clocks, otherNodes, wallMs: options.wallMs }, bench.checkSelector);
        actorRoutes(routes, actors.kits, sharedActors);
        stateRoutes(routes, {
          ...{ store, bench, endActors, protocols, seed: options.seed, wallMs: options.wallMs },
          startFaults: options.startFaults ?? [],
        });
        bench.routes(routes);
        documentRoutes(routes, documented, protocols);
        indexRoutes(routes, listed, () => options.vendorPort());
        for (const { name, operatorRoutes } of protocols) {
          if (operatorRoutes === undefined) continue;
          await routes.register(async (own) => operatorRoutes(own as unknown as App), { prefix: `/${name}` });
        }
      },
      { prefix: root },
    );
  });
}

/** Names the routes that have no operation id after their method and path: `getBeaconShips`. */
function nameOperations(instance: FastifyInstance): void {
  instance.addHook('onRoute', (route) => {
    if (route.schema === undefined || route.schema.operationId !== undefined) return;
    const words = route.url.slice(root.length).split(/[^A-Za-z0-9]+/);
    const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
    const method = (typeof route.method === 'string' ? route.method : route.method.join()).toLowerCase();
    route.schema = { ...route.schema, operationId: `${method}${capitalised.join('')}` };
  });
}

function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof StoreUnavailable)
    return reply.code(503).send({ error: `store unavailable: ${error.message}` });
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode < 500 || error instanceof OperatorRefusal)
    return reply.code(statusCode).send({ error: error.message });
  request.log.error({ err: error, requestId: request.id }, 'internal error');
  return reply.code(500).send({ error: `internal error, request ${request.id}` });
}
