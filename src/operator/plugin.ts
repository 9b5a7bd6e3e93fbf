/** What no vendor has: health, readiness, metrics, the live view of leases, the clock, a reset, the OpenAPI document. */
import type { TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App, Protocol } from '../protocols/protocol.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type AccessSettings, isBeyondLoopback, judgeOperatorRequest, operatorAccess } from './access.ts';
import { CursorInvalid, listLeases } from './leases.ts';
import { type Metrics, protocolOf } from './metrics.ts';
import * as schemas from './schemas.ts';

export interface OperatorOptions {
  readonly store: Store;
  readonly config: AccessSettings;
  readonly metrics: Metrics;
  readonly protocols: readonly Pick<Protocol, 'name' | 'viewGroups' | 'operatorRoutes'>[];
}

const root = '/_heartbeatd';

/**
 * Bodies are taken as they are: a query is text and has to be converted, but JSON says what it means, and null taken for
 * false would thaw the clock.
 */
function asWritten({ schema }: { readonly schema: unknown }): (body: unknown) => true | { error: Error } {
  const check = TypeCompiler.Compile(schema as TSchema);
  return (body) => {
    const first = check.Errors(body).First();
    return first === undefined || { error: new Error(`body${first.path}: ${first.message}`) };
  };
}

/** Paths of the operator side. All but health are guarded. */
export function isOperatorPath(path: string): boolean {
  return path.startsWith(`${root}/`) || path === root || ['/healthz', '/readyz', '/metrics'].includes(path);
}

const answers = { 400: schemas.Failure, 401: schemas.Failure, 403: schemas.Failure, 503: schemas.Failure };

/** Registers the routes; errors stay inside and are plain JSON. */
export async function operator(app: App, options: OperatorOptions): Promise<void> {
  const { store, config, metrics, protocols } = options;
  app.setErrorHandler<Error>((error, request, reply) => answerError(error, request, reply));

  // Clients that always send JSON say so of a body that is empty, too.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    body === '' ? done(null, undefined) : parse(request, body, done),
  );

  healthRoutes(app, store);
  await app.register(async (instance) => {
    const guarded = instance as unknown as App;
    guard(guarded, config);
    viewRoutes(guarded, options);
    clockRoutes(guarded, store);
    resetRoute(guarded, store);
    guarded.get('/metrics', { schema: { tags: ['operator'] } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );
    for (const { name, operatorRoutes } of protocols) {
      if (operatorRoutes === undefined) continue;
      await guarded.register(async (routes) => operatorRoutes(routes as unknown as App), {
        prefix: `${root}/${name}`,
      });
    }
  });
}

/** Refuses requests to every route of an instance, and below it, that the operator API must not serve. */
function guard(app: App, config: AccessSettings): void {
  let isReachable = false;
  // Kept once true: a server that closes has no address any more, but still serves the connections it has.
  const look = (): void => {
    isReachable ||= app.addresses().some(isBeyondLoopback);
  };
  app.server.on('listening', look);
  app.addHook('onRequest', async (request, reply) => {
    look();
    // Pages of other origins must not load a reply as a script either: browsers send no Sec-Fetch-Site over plain HTTP.
    reply.headers({ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' });
    const { host, origin, authorization, 'sec-fetch-site': fetchSite } = request.headers;
    const refusal = judgeOperatorRequest(
      { host, authority: request.authority, origin, authorization, fetchSite: fetchSite?.toString() },
      config,
      operatorAccess(config, isReachable),
    );
    if (refusal === undefined) return;
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    await reply.code(refusal.status).send({ error: refusal.error });
  });
}

/** Open to all: what watches a process has no token and asks by any name. */
function healthRoutes(app: App, store: Store): void {
  app.get('/healthz', { schema: { tags: ['operator'], response: { 200: schemas.Health } } }, async () => ({
    status: 'ok',
  }));

  app.get(
    '/readyz',
    { schema: { tags: ['operator'], response: { 200: schemas.Health, 503: schemas.Failure } } },
    async () => {
      await store.ping();
      return { status: 'ready' };
    },
  );
}

function viewRoutes(app: App, { store, protocols }: OperatorOptions): void {
  app.get(
    `${root}/leases`,
    {
      schema: {
        tags: ['operator'],
        querystring: schemas.LeasesQuery,
        response: { 200: schemas.LeasesPage, ...answers },
      },
    },
    async (request) => listLeases(store, protocols, request.query),
  );

  app.get(`${root}/openapi.json`, { schema: { hide: true } }, async () => app.swagger());
}

function clockRoutes(app: App, store: Store): void {
  app.get(
    `${root}/clock`,
    { schema: { tags: ['operator'], response: { 200: schemas.ClockReading, ...answers } } },
    async () => store.readClock(),
  );

  app.post(
    `${root}/clock`,
    {
      schema: {
        tags: ['operator'],
        body: schemas.ClockChange,
        response: { 200: schemas.ClockChanged, ...answers },
      },
      validatorCompiler: asWritten,
    },
    async (request) => {
      const { advanceMs, freeze } = request.body;
      // Frozen first, so that the advance is exact; thawed last, for the same reason.
      if (freeze === true) await store.freezeClock(true);
      const events = advanceMs === undefined ? [] : await store.advanceClock(advanceMs);
      if (freeze === false) await store.freezeClock(false);
      const fired = events.map(({ tenant, group, holder, epoch }) => ({
        protocol: protocolOf(tenant),
        tenant,
        group,
        holder,
        epoch,
      }));
      return { clock: await store.readClock(), fired };
    },
  );
}

function resetRoute(app: App, store: Store): void {
  app.post(
    `${root}/reset`,
    {
      schema: { tags: ['operator'], body: schemas.Reset, response: { 200: schemas.ResetDone, ...answers } },
      validatorCompiler: asWritten,
      // A reset of everything needs no body.
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request) => {
      const { tenant } = request.body;
      const tenants = tenant === undefined ? (await store.tenants()).map((size) => size.tenant) : [tenant];
      await Promise.all(tenants.map((name) => store.drop({ tenant: name })));
      return { tenants };
    },
  );
}

function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof StoreUnavailable)
    return reply.code(503).send({ error: `the store is away: ${error.message}` });
  const { statusCode = 500 } = error as { statusCode?: number };
  if (error instanceof CursorInvalid) return reply.code(400).send({ error: error.message });
  if (statusCode < 500) return reply.code(statusCode).send({ error: error.message });
  request.log.error({ err: error }, 'operator: internal error');
  return reply.code(500).send({ error: `internal error, request ${request.id}` });
}
