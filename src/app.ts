/** The Fastify app: three protocols and the operator side over one store. */
import { randomBytes } from 'node:crypto';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { pino } from 'pino';
import type { Config } from './config.ts';
import { endConnections } from './http/connections.ts';
import { logRequest } from './http/request-log.ts';
import { answerUnreadable, refuseTunnel } from './http/unreadable.ts';
import { type Metrics, makeMetrics } from './operator/metrics.ts';
import { isOperatorPath, operator } from './operator/plugin.ts';
import { protocols as builtIn } from './protocols/index.ts';
import { NotFound } from './protocols/kit/failure.ts';
import type { Interceptor } from './protocols/kit/intercept.ts';
import type { App, ProtocolContext, ProtocolModule } from './protocols/kit/protocol.ts';
import type { Store } from './store/store.ts';

export interface AppOptions {
  readonly config: Config;
  readonly store: Store;
  readonly logger?: FastifyBaseLogger;
  readonly metrics?: Metrics;
  readonly wallMs?: () => number;
  readonly randomBytes?: (size: number) => Buffer;
  /** Protocols to serve; default: all that the server speaks. */
  readonly protocols?: readonly ProtocolModule[];
  /** Observes or fails vendor requests. */
  readonly interceptor?: Interceptor;
  /** For how long clients may send a last request on the connections they have while the app closes, ms; 0 by default. */
  readonly lastRequestMs?: number;
}

/** Credentials before an authority are nobody's business here: they would end up in errors and logs. */
const absoluteForm = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i;
const loopback = /^(?:127\.|localhost$|::1$)/;

/** Builds the app; it does not listen, and it does not own the store. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, store } = options;
  const metrics = options.metrics ?? watchedMetrics(store);
  const context: ProtocolContext = {
    store,
    interceptor: options.interceptor,
    wallMs: options.wallMs ?? Date.now,
    randomBytes: options.randomBytes ?? randomBytes,
    registry: metrics.registry,
    log: options.logger ?? pino({ enabled: false }),
  };
  const made = (options.protocols ?? builtIn).map((protocol: ProtocolModule) =>
    protocol.create(context, config),
  );

  /** What no route matched, or could not be read, is still some protocol's to answer. */
  const answerUnrouted = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const path = (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
    const owner = isOperatorPath(path)
      ? undefined
      : made.find((protocol) => protocol.claims(path, request.authority));
    if (owner === undefined) reply.code(404).send({ error: `no such path: ${path.slice(0, 200)}` });
    else void owner.sendError(error, request, reply);
  };

  const app = Fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    // One line a request, written by ourselves, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    // Paths carry lists of channels: the presence documentation allows 32 KiB of path and query.
    routerOptions: { maxParamLength: 32_768, ignoreTrailingSlash: false, caseSensitive: true },
    bodyLimit: 10 * 1024 * 1024,
    // What a schema does not allow is refused in words, not dropped in silence.
    ajv: { customOptions: { removeAdditional: false } },
    // Headers may be as long as the longest target and then some.
    http: { maxHeaderSize: 64 * 1_024, insecureHTTPParser: isLenient(config) },
    // A client that sends nothing for so long is gone; answers may take as long as a poll does.
    connectionTimeout: 0,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => answerUnrouted(error, request, reply),
    // An absolute-form target is how a client speaks to its HTTP proxy: the route is what follows the authority.
    rewriteUrl: (request) => {
      const url = request.url ?? '/';
      const match = url.startsWith('/') ? null : absoluteForm.exec(url);
      if (match === null) return url;
      (request as { authority?: string }).authority = match[1] ?? '';
      const rest = url.slice(match[0].length);
      return rest.startsWith('/') ? rest : `/${rest}`;
    },
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;

  app.decorateRequest('authority', {
    getter(this: FastifyRequest) {
      return (this.raw as { authority?: string }).authority ?? this.headers.host ?? '';
    },
  });
  app.decorateRequest('operation', '');
  observe(app, metrics);
  app.server.on('connect', refuseTunnel);
  // A body that cannot be read, on a path that nobody serves, is refused before it is looked for.
  app.setErrorHandler<Error>((error, request, reply) => answerUnrouted(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnrouted(new NotFound(request.url), request, reply));

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'heartbeatd', version: '0.1.0' },
      tags: [...made, { name: 'operator' }].map(({ name }) => ({ name })),
    },
  });
  for (const protocol of made) {
    await app.register(async (instance) => {
      instance.setErrorHandler<Error>((error, request, reply) => protocol.sendError(error, request, reply));
      mark(instance, protocol.name);
      await protocol.routes(instance as unknown as App);
    });
  }
  await app.register(async (instance) => {
    mark(instance, 'operator');
    await operator(instance as unknown as App, { store, config, metrics, protocols: made });
  });
  // Last, so that polls are answered before.
  await app.register(async (instance) =>
    endConnections(instance as unknown as App, options.lastRequestMs ?? 0),
  );
  return app;
}

function watchedMetrics(store: Store): Metrics {
  const metrics = makeMetrics();
  metrics.watch(store);
  return metrics;
}

/** Logs and counts every answer, those too that no route gave. */
function observe(app: App, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url = 'none', config } = request.routeOptions;
    // The route, never the path: paths have no bound.
    const operation = request.operation === '' ? `${request.method} ${url}` : request.operation;
    metrics.request(config.protocol ?? 'none', operation, reply.statusCode, reply.elapsedTime / 1_000);
    logRequest(request, reply);
    done();
  });
}

/** Lets every route of an instance say whose it is. */
function mark(instance: FastifyInstance, protocol: string): void {
  instance.addHook('onRoute', (route) => {
    route.config = { ...route.config, protocol };
  });
}

/** One vendor's C++ client frames its bodies twice, which Node refuses by default. */
function isLenient({ lenientFraming, host }: Config): boolean {
  return lenientFraming === 'always' || (lenientFraming === 'loopback' && loopback.test(host));
}
