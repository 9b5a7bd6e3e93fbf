/** The Fastify app: three protocols and the operator side over one store. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, Server } from 'node:http';
import swagger from '@fastify/swagger';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Config, viewSettings } from './config.ts';
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  limitConnections,
} from './http/connections/connection-limits.ts';
import { endConnections } from './http/connections/connections.ts';
import { type Load, makeLoad, smallBytes } from './http/connections/load.ts';
import { type DirectOptions, serveDirectly } from './http/direct.ts';
import { makeRequestId } from './http/log/request-id.ts';
import { makeRequestLog, type RequestLog } from './http/log/request-log.ts';
import { authorityOf, makeServer } from './http/server.ts';
import { makeIsEmulated } from './http/tls/hosts.ts';
import { makeNotices } from './http/tls/notices.ts';
import { openCertificates } from './http/tls/open.ts';
import { documentOptions } from './operator/document/document-options.ts';
import { startPath } from './operator/document/index-routes.ts';
import { type Metrics, makeMetrics } from './operator/metrics/metrics.ts';
import { makeOverview, type Overview } from './operator/overview/overview.ts';
import { isOperatorPath, operator } from './operator/plugin.ts';
import type { StateDocument } from './operator/state/state-schema.ts';
import { makeTestBench, type TestBench } from './operator/test-bench.ts';
import { protocols as builtIn } from './protocols/index.ts';
import { NotFound, Overloaded, pathOf } from './protocols/kit/failure.ts';
import type { Interceptor } from './protocols/kit/intercept.ts';
import type { App, Protocol, ProtocolContext, ProtocolModule } from './protocols/kit/protocol.ts';
import { type Log, silentLog } from './settings/log.ts';
import { defaultsOf } from './settings/read.ts';
import type { Store } from './store/store.ts';

export interface AppOptions {
  readonly config: Config;
  readonly store: Store;
  readonly logger?: FastifyBaseLogger & Log;
  readonly metrics?: Metrics;
  readonly wallMs?: () => number;
  /** What a reset returns to. It is not loaded by the app. */
  readonly seed?: StateDocument | undefined;
  readonly randomBytes?: (size: number) => Buffer;
  /** Protocols to serve; default: all that the server speaks. */
  readonly protocols?: readonly ProtocolModule[];
  /** Observes or fails vendor requests. */
  readonly interceptor?: Interceptor;
  /** Whether `/readyz` fails because the server is about to stop. */
  isDraining?(): boolean;
  /** How long requests on open connections are still answered while the app closes, ms; default 0. */
  readonly lastRequestMs?: number;
  readonly connectionLimits?: ConnectionLimits;
  /** Where settings came from, by their names in code, to be shown; absent: from code where they are no defaults. */
  readonly settingSources?: Readonly<Record<string, string>>;
}

const loopback = /^(?:127\.|localhost$|::1$)/;

/** Builds the app; it does not listen, and it does not own the store. Rejects with SettingError. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, store } = options;
  const metrics = options.metrics ?? watchedMetrics(store);
  const bench: TestBench = createTestBench(options, () => protocols);
  const protocols = createProtocols(options, metrics, bench);
  const overview = makeOverview({ store, wallMs: options.wallMs ?? Date.now });

  const sendUnrouted = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const path = pathOf(request);
    const owner = isOperatorPath(path)
      ? undefined
      : protocols.find((protocol) => protocol.claims(path, authorityOf(request)));
    if (owner === undefined) reply.code(404).send({ error: `no such path: ${path.slice(0, 200)}` });
    else void owner.sendError(error, request, reply);
  };
  const log = options.logger ?? silentLog;
  const wallMs = options.wallMs ?? Date.now;
  const certificates = await openCertificates(config, { host: config.host, log, wallMs });
  const isEmulated = makeIsEmulated([...config.slsBaseDomains, ...config.tlsHosts]);
  const requestId = makeRequestId();
  const { server, front, clientAddress } = makeServer({
    ...(options.logger === undefined ? {} : { logger: warningsOnly(options.logger) }),
    hasDoubleFraming: hasDoubleFraming(config),
    trustedProxies: config.trustedProxies,
    requestId,
    startPath,
    notices: makeNotices(log),
    ...(certificates === undefined ? {} : { tls: { certificates, isEmulated } }),
    sendUnrouted,
  });
  const app = server as unknown as App;
  const requestLog = makeRequestLog(log, config.requestLog === 'auto' ? 'each' : config.requestLog);
  const limits = options.connectionLimits ?? defaultConnectionLimits;
  const admit = limitConnections(app as unknown as FastifyInstance, limits);
  const onResponse = makeObserver({ metrics, requestLog, overview });
  const load = makeLoad(config);
  server.decorate('load', load);
  const isLate = (): boolean => load.isLate();
  observeReplies(app, { admit, onResponse, requestId, clientAddress, isLate });
  // A body that cannot be read, on a path without a route, fails before the route is looked up.
  app.setErrorHandler<Error>((error, request, reply) => sendUnrouted(error, request, reply));
  app.setNotFoundHandler((request, reply) => sendUnrouted(new NotFound(request.url), request, reply));
  app.addHook('onReady', () => bench.start());
  app.addHook('onClose', async () => {
    await bench.close();
    overview.close();
    front?.close();
    requestLog.close();
    load.close();
  });
  await app.register(swagger, documentOptions(protocols));
  await mount(app, protocols, makeRefuseOverload(load, log));
  await app.register(async (instance) => {
    mark(instance, 'operator');
    await operator(instance as unknown as App, {
      store,
      config,
      metrics,
      protocols,
      bench,
      overview,
      settings: () => viewSettings(config, options.settingSources),
      wallMs,
      seed: options.seed,
      isDraining: () => options.isDraining?.() ?? false,
    });
  });
  // Last, so that polls are answered before.
  await app.register(async (instance) =>
    endConnections(instance as unknown as App, {
      lastRequestMs: options.lastRequestMs ?? 0,
      closeIdle: () => front?.closeIdle(),
    }),
  );
  return app;
}

/** Returns the log for Fastify, whose only information is a line per address that it listens on. */
function warningsOnly(logger: FastifyBaseLogger & Log): FastifyBaseLogger {
  return logger.isLevelEnabled('info') ? logger.child({}, { level: 'warn' }) : logger;
}

function createTestBench(
  { store, config, logger, wallMs = Date.now, interceptor }: AppOptions,
  protocols: () => readonly Protocol[],
): TestBench {
  return makeTestBench({
    ...{ store, wallMs, protocols, interceptor },
    nodeId: randomUUID(),
    log: logger ?? silentLog,
    hasJournal: config.journal === 'on' || (config.journal === 'auto' && config.redisUrl === ''),
  });
}

function createProtocols(
  options: AppOptions,
  { registry }: Metrics,
  { interceptor, emit }: Pick<TestBench, 'interceptor' | 'emit'>,
): readonly Protocol[] {
  const context: ProtocolContext = {
    store: options.store,
    log: options.logger ?? silentLog,
    interceptor,
    emit,
    wallMs: options.wallMs ?? Date.now,
    randomBytes: options.randomBytes ?? randomBytes,
    registry,
  };
  const modules: readonly ProtocolModule[] = options.protocols ?? builtIn;
  // A protocol that is not built in has settings that the config may lack.
  return modules.map((module) =>
    module.create(context, { ...defaultsOf(module.settings), ...options.config }),
  );
}

/** Each protocol has an instance of its own: its parsers, hooks and error handler stay inside. */
async function mount(app: App, protocols: readonly Protocol[], refuse: RefuseOverload): Promise<void> {
  for (const protocol of protocols) {
    await app.register(async (instance) => {
      instance.setErrorHandler<Error>((error, request, reply) => protocol.sendError(error, request, reply));
      mark(instance, protocol.name);
      instance.addHook('onRequest', refuse);
      await protocol.routes(instance as unknown as App);
    });
  }
}

type RefuseOverload = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** More than any operation reads, bytes. */
const maxBodyBytes = 16 * 1_048_576;
/** What a body is counted as whose size is not stated, bytes. */
const unstatedBytes = 1_048_576;
/** Minimum interval between two log lines about overload, ms. */
const overloadLogMs = 10_000;

/** Returns a hook that refuses requests of vendors while the process is overloaded. */
function makeRefuseOverload(load: Load, log: Log): RefuseOverload {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return (request, reply, done) => {
    const { method, headers } = request.raw;
    const isLate = load.isLate();
    const bytes = method === 'GET' ? 0 : bodyBytes(headers);
    const isSmall = bytes < smallBytes;
    if (!isLate && (isSmall || load.hold(bytes, request.clientAddress, reply.raw))) {
      done();
      return;
    }
    if (performance.now() - loggedAtMs > overloadLogMs) {
      loggedAtMs = performance.now();
      log.warn({ isLate, heldBytes: load.heldBytes }, 'overloaded; refusing requests');
    }
    done(new Overloaded(isLate ? 'the event loop is late' : 'too many bytes are in flight'));
  };
}

/** Returns the size that a request states for its body; 0 for one that is refused before it is read. */
function bodyBytes(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return unstatedBytes;
  const bytes = Number(headers['content-length'] ?? 0) || 0;
  return bytes > maxBodyBytes ? 0 : bytes;
}

function watchedMetrics(store: Store): Metrics {
  const metrics = makeMetrics();
  metrics.watch(store);
  return metrics;
}

interface Observers {
  readonly metrics: Metrics;
  readonly requestLog: RequestLog;
  readonly overview: Overview;
}

/** Returns the function that logs and counts every reply, including those to unrouted requests. */
function makeObserver({ metrics, requestLog, overview }: Observers): DirectOptions['onResponse'] {
  return (request, reply) => {
    const { url = 'none', config } = request.routeOptions;
    // The route, never the path: paths have no bound.
    const operation = request.operation === '' ? `${request.method} ${url}` : request.operation;
    metrics.request(
      config.protocol ?? 'none',
      operation,
      reply.statusCode,
      (reply.elapsedTime - request.heldMs) / 1_000,
    );
    if (config.protocol !== 'operator') overview.countReply(reply.statusCode);
    requestLog.record({ request, reply, operation });
  };
}

/** Observes all replies, and lets protocols serve their frequent routes past Fastify until the app closes. */
function observeReplies(
  app: App,
  options: Pick<DirectOptions, 'admit' | 'onResponse' | 'requestId' | 'clientAddress'> & Pick<Load, 'isLate'>,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    options.onResponse(request, reply);
    done();
  });
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  const add = serveDirectly(app.server as Server, {
    ...options,
    log: app.log,
    authorityOf,
    isPaused: () => isClosing || options.isLate(),
  });
  app.decorate('serveDirectly', add);
}

/** Labels every route of an instance with its protocol, for metrics and logs. */
function mark(instance: FastifyInstance, protocol: string): void {
  instance.addHook('onRoute', (route) => {
    route.config = { ...route.config, protocol };
  });
}

/** Whether bodies with two framings are served, as one vendor's C++ client sends them. */
function hasDoubleFraming({ lenientFraming, host }: Config): boolean {
  return lenientFraming === 'always' || (lenientFraming === 'loopback' && loopback.test(host));
}
