/** What no vendor has: health, readiness, metrics, the live view of leases, the clock, a reset, the OpenAPI document. */
import { timingSafeEqual } from 'node:crypto';
import type { TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { App, Protocol } from '../protocols/kit/protocol.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { CursorInvalid, listLeases } from './leases.ts';
import { type Metrics, protocolOf } from './metrics.ts';
import * as schemas from './schemas.ts';

export interface OperatorOptions {
  readonly store: Store;
  readonly config: Pick<Config, 'operatorToken'>;
  readonly metrics: Metrics;
  readonly protocols: readonly Pick<Protocol, 'name' | 'viewGroups' | 'operatorRoutes' | 'openApiPaths'>[];
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

/** Paths of the operator side; all of them but health are behind the token, if one is set. */
export function isOperatorPath(path: string): boolean {
  return path.startsWith(`${root}/`) || path === root || ['/healthz', '/readyz', '/metrics'].includes(path);
}

/** Registers the routes; errors stay inside and are plain JSON. */
export async function operator(app: App, options: OperatorOptions): Promise<void> {
  const { store, config, metrics, protocols } = options;
  app.setErrorHandler<Error>((error, request, reply) => answerError(error, request, reply));
  const answers = { 400: schemas.Failure, 401: schemas.Failure, 503: schemas.Failure };

  const isAllowed = (request: FastifyRequest): boolean => {
    if (config.operatorToken === '') return true;
    // Node reads headers as Latin-1, whatever was sent; the scheme may be spelt in any case.
    const [, token = ''] = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '') ?? [];
    const given = Buffer.from(token, 'latin1');
    const wanted = Buffer.from(config.operatorToken);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  const locked = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isAllowed(request)) return;
    await reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({ error: 'the operator token is missing or wrong' });
  };

  // Clients that always send JSON say so of a body that is empty, too.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    body === '' ? done(null, undefined) : parse(request, body, done),
  );

  app.get('/healthz', { schema: { tags: ['operator'], response: { 200: schemas.Health } } }, async () => ({
    status: 'ok',
  }));

  app.get(
    '/readyz',
    { schema: { tags: ['operator'], response: { 200: schemas.Readiness, ...answers } } },
    async () => {
      const { away } = await store.ping();
      return { status: 'ready', ...(away.length === 0 ? {} : { away }) };
    },
  );

  app.get('/metrics', { schema: { tags: ['operator'] }, onRequest: locked }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  app.get(
    `${root}/leases`,
    {
      schema: {
        tags: ['operator'],
        querystring: schemas.LeasesQuery,
        response: { 200: schemas.LeasesPage, ...answers },
      },
      onRequest: locked,
    },
    async (request) => listLeases(store, protocols, request.query),
  );

  app.get(
    `${root}/clock`,
    {
      schema: { tags: ['operator'], response: { 200: schemas.ClockReading, ...answers } },
      onRequest: locked,
    },
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
      onRequest: locked,
    },
    async (request) => {
      const { advanceMs, freeze } = request.body;
      // Frozen first, so that the advance is exact; thawed last, for the same reason.
      if (freeze === true) await store.freezeClock();
      const events = advanceMs === undefined ? [] : await store.advanceClock(advanceMs);
      if (freeze === false) await store.thawClock();
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

  app.post(
    `${root}/reset`,
    {
      schema: { tags: ['operator'], body: schemas.Reset, response: { 200: schemas.ResetDone, ...answers } },
      validatorCompiler: asWritten,
      onRequest: locked,
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

  for (const { name, operatorRoutes } of protocols) {
    if (operatorRoutes === undefined) continue;
    await app.register(
      async (instance) => {
        instance.addHook('onRequest', locked);
        await operatorRoutes(instance as unknown as App);
      },
      { prefix: `${root}/${name}` },
    );
  }

  app.get(`${root}/openapi.json`, { schema: { hide: true }, onRequest: locked }, async () => {
    const document = app.swagger();
    const vendorPaths = protocols.map(({ openApiPaths }) => openApiPaths?.() ?? {});
    return { ...document, paths: Object.assign({}, document.paths, ...vendorPaths) };
  });
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
