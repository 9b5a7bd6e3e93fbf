/** The Fastify app: three protocols and the operator side over one store. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Config, viewSettings } from './config.ts';
import type { ConnectionLimits } from './http/connections/connection-limits.ts';
import { makeLoad } from './http/connections/load.ts';
import { makeRefuseOverload, type RefuseOverload } from './http/connections/overload.ts';
import type { DirectOptions } from './http/direct.ts';
import { makeRequestLog, type RequestLog } from './http/log/request-log.ts';
import type { Fault } from './operator/faults/fault.ts';
import { checkFaults, loadFaults } from './operator/faults/fault-file.ts';
import { type Metrics, makeMetrics } from './operator/metrics/metrics.ts';
import { makeOverview, type Overview } from './operator/overview/overview.ts';
import { operator, probes } from './operator/plugin.ts';
import type { StateDocument } from './operator/state/state-schema.ts';
import { makeTestBench, type TestBench } from './operator/test-bench.ts';
import { accessSettingsOf, joinOperatorPort, makePorts, portOf } from './ports.ts';
import { protocols as builtIn } from './protocols/index.ts';
import { Overloaded } from './protocols/kit/failure.ts';
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
  /** Fault rules that are there from the start, and that a reset to the seed returns to. */
  readonly faults?: readonly Fault[] | undefined;
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

/**
 * Builds the app; it does not listen, and it does not own the store. With OPERATOR_PORT, the app serves vendors and probes, and its
 * member `operatorApp` the operator API; they close together. Rejects with SettingError.
 */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, store, faults = [], isDraining = () => false } = options;
  const wallMs = options.wallMs ?? Date.now;
  const log = options.logger ?? silentLog;
  const metrics = options.metrics ?? watchedMetrics(store);
  const bench: TestBench = createTestBench(options, () => protocols);
  const protocols = createProtocols(options, metrics, bench);
  checkFaults(bench.faults, faults);
  const overview = makeOverview({ store, wallMs, liveNodes: () => bench.liveNodes() });
  const requestLog = makeRequestLog(log, config.requestLog === 'auto' ? 'each' : config.requestLog);
  const load = makeLoad(config);
  const refuse = makeRefuseOverload(load, log, (reason) => new Overloaded(reason));
  const { main, operatorPort } = await makePorts(options, {
    protocols,
    load,
    keepRefusal: (refusal) => bench.journal?.keepRefused(refusal),
    onResponse: makeObserver({ metrics, requestLog, overview }),
    refuse,
  });
  main.app.addHook('onReady', async () => {
    await bench.start();
    await loadFaults(bench.faults, faults).catch((err: Error) =>
      log.warn({ err }, 'fault rules of the start were not added'),
    );
  });
  main.app.addHook('onClose', async () => {
    await bench.close();
    overview.close();
    requestLog.close();
    load.close();
  });
  await mount(main.app, protocols, refuse);
  const api = (operatorPort ?? main).app;
  await api.register(async (instance) => {
    mark(instance, 'operator');
    await operator(instance as unknown as App, {
      store,
      config: accessSettingsOf(config),
      metrics,
      protocols,
      bench,
      overview,
      settings: () => viewSettings(config, options.settingSources),
      wallMs,
      seed: options.seed,
      startFaults: faults,
      inject: (request) => main.app.inject(request),
      isDraining,
      vendorPort: () => (operatorPort === undefined ? null : portOf(main.app)),
    });
  });
  if (operatorPort !== undefined) {
    await main.app.register(async (instance) => {
      mark(instance, 'operator');
      probes(instance as unknown as App, store, isDraining);
    });
    await joinOperatorPort(main.app, operatorPort);
  }
  await main.endConnections();
  return main.app;
}

function createTestBench(
  { store, config, logger, wallMs = Date.now, interceptor }: AppOptions,
  protocols: () => readonly Protocol[],
): TestBench {
  return makeTestBench({
    ...{ store, wallMs, protocols, interceptor },
    nodeId: `${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}`,
    log: logger ?? silentLog,
    hasJournal: config.journal === 'on' || (config.journal === 'auto' && config.redisUrl === ''),
  });
}

function createProtocols(options: AppOptions, { registry }: Metrics, bench: TestBench): readonly Protocol[] {
  const context: ProtocolContext = {
    store: options.store,
    log: options.logger ?? silentLog,
    interceptor: bench.interceptor,
    emit: bench.emit,
    gather: options.store.isShared ? bench.gather : undefined,
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

/** Labels every route of an instance with its protocol, for metrics and logs. */
function mark(instance: FastifyInstance, protocol: string): void {
  instance.addHook('onRoute', (route) => {
    route.config = { ...route.config, protocol };
  });
}
