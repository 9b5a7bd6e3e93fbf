/** The process: read the settings, open the store, build the app, listen, stop gracefully. */
import { setTimeout as pause } from 'node:timers/promises';
import { buildApp } from './app.ts';
import { commands } from './cli/commands/index.ts';
import { fail } from './cli/fail.ts';
import { serverHelp } from './cli/help.ts';
import { runCommand } from './cli/run.ts';
import { type Config, readConfig, settingSections, settingSources } from './config.ts';
import { oncePerCause } from './http/log/log-causes.ts';
import { openLog } from './http/log/process-log.ts';
import { hasTls, trustPath } from './http/tls/open.ts';
import { isBeyondLoopback, operatorAccess } from './operator/access/access.ts';
import { readFaultsFile } from './operator/faults/fault-file.ts';
import { makeMetrics } from './operator/metrics/metrics.ts';
import { processMetrics } from './operator/metrics/process-metrics.ts';
import { exportState, loadSeed, readSeedFile } from './operator/state/seed.ts';
import { listen, operatorAppOf, operatorHostOf, portOf } from './ports.ts';
import type { App } from './protocols/kit/protocol.ts';
import { releaseStartMemory } from './release-start-memory.ts';
import { describeSettings } from './settings/read.ts';
import { SettingError } from './settings/setting.ts';
import { openStore } from './store/open.ts';
import { type Store, StoreUnavailable } from './store/store.ts';
import { version } from './version.ts';
import { listeningFields, type Served, welcome } from './welcome.ts';

const [command = '', ...rest] = process.argv.slice(2);
const args = command === 'serve' ? rest : process.argv.slice(2);
// From a clone: `node src/main.ts leases`. The installed command does not load the server for this.
if (command !== '' && command !== 'serve' && !command.startsWith('-'))
  process.exit(await runCommand(args, process.env));
if (args.includes('--help') || args.includes('-h')) {
  const sections = settingSections.map(({ title, table }) => ({ title, settings: describeSettings(table) }));
  process.stdout.write(serverHelp(version, sections, commands));
  process.exit(0);
}
if (args.includes('--version') || args.includes('-v')) {
  process.stdout.write(`${version}\n`);
  process.exit(0);
}
if (args.includes('--healthcheck')) await import('./cli/healthcheck.ts');
if (args.includes('--hash-password')) process.exit(await runCommand(['hash-password'], process.env));

const exitCodeOf = (error: Error): number => (error instanceof SettingError ? 2 : 1);

function readSettings(): Config {
  try {
    return readConfig(args, process.env);
  } catch (error) {
    if (error instanceof SettingError) fail(error.message, 2);
    throw error;
  }
}

const settings = readSettings();
const isTerminal = process.stdout.isTTY === true;
const isPretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && isTerminal);
const config: Config = {
  ...settings,
  requestLog: settings.requestLog === 'auto' ? (isTerminal ? 'each' : 'summary') : settings.requestLog,
};
const logger = openLog({ level: config.logLevel, isPretty });
processMetrics();
const seed =
  config.seed === ''
    ? undefined
    : await readSeedFile(config.seed).catch((error: Error) => fail(error.message, 2));
const faults =
  config.faults === ''
    ? []
    : await readFaultsFile(config.faults).catch((error: Error) => fail(error.message, 2));
const metrics = makeMetrics();

const storeWarnings = oncePerCause(logger);
let isSweepFailing = false;
const store = await openStore(config, {
  log: {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: storeWarnings.warn,
    error: (fields, message) => logger.error(fields, message),
    isLevelEnabled: (level) => logger.isLevelEnabled(level),
  },
  onBatch: (size, failed, milliseconds) => {
    metrics.storeBatch(size, failed, milliseconds);
    if (!failed) isSweepFailing = false;
  },
  onSweepError: (error) => {
    metrics.sweepFailed();
    // Once per outage: sweeps fail many times a second while the store is unavailable.
    const isExplained = error instanceof StoreUnavailable && storeWarnings.isRecent();
    if (!isSweepFailing && !isExplained) logger.warn({ err: error }, 'lease sweep failed; retrying');
    isSweepFailing = true;
  },
}).catch((error: Error) => fail(error.message, exitCodeOf(error)));
metrics.watch(store);

/** Longer than a request in transit takes to arrive, shorter than a supervisor waits for the process to end, ms. */
const lastRequestMs = 100;
let isStopping = false;
let exitCode = 0;
const app = await buildApp({
  config,
  store,
  logger,
  metrics,
  lastRequestMs,
  seed,
  faults,
  settingSources: settingSources(args, process.env),
  isDraining: () => isStopping,
}).catch(async (error: Error) => {
  await store.close();
  return fail(error.message, exitCodeOf(error));
});

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  logger.info({ signal }, 'stopping after requests in flight; a second signal stops at once');
  if (config.drainDelay > 0) await pause(config.drainDelay);
  setTimeout(() => {
    logger.error({ shutdownTimeoutMs: config.shutdownTimeoutMs }, 'shutdown timed out; stopping now');
    process.exit(1);
  }, config.shutdownTimeoutMs).unref();
  await app.close();
  if (config.exportOnExit !== '')
    await exportState(store, config.exportOnExit).catch((err: Error) => {
      logger.error({ err, file: config.exportOnExit }, 'the state was not exported');
      exitCode = 1;
    });
  await store.close();
  process.exit(exitCode);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

await start(app, store);
const operatorApp = operatorAppOf(app);
const isReachable = operatorApp.addresses().some(isBeyondLoopback);
const served: Served = {
  host: config.host,
  port: portOf(app) ?? config.port,
  operatorAt:
    operatorApp === app ? undefined : { host: operatorHostOf(config), port: portOf(operatorApp) ?? 0 },
  store: store.description,
  version,
  operator: operatorAccess(config, isReachable),
  hasConsole: config.console,
  isReachable,
  tls: hasTls(config) ? { trustPath: trustPath(config) } : 'off',
};
// The text is for people; what reads a pipe or a file gets lines of the log only.
if (isTerminal && isPretty && config.logLevel !== 'silent') process.stdout.write(welcome(served));
else logger.info(listeningFields(served), 'listening');

type ListenError = NodeJS.ErrnoException & { readonly setting?: string };

/** Listens; ends the process with a one-line error if it cannot. */
async function start(server: App, leases: Store): Promise<void> {
  try {
    await server.ready();
    releaseStartMemory();
    await waitForStore(leases);
    await seedTenants(leases);
    await listen(server, config);
  } catch (error) {
    await leases.close();
    failToListen(error as ListenError);
  }
}

/** Ends the process with a line that names the setting and what to change. */
function failToListen({ code, message, setting = 'PORT' }: ListenError): never {
  const isOperator = setting === 'OPERATOR_PORT';
  const host = isOperator ? operatorHostOf(config) : config.host;
  const wanted = isOperator ? config.operatorPort : config.port;
  const flag = isOperator ? '--operator-port' : '--port';
  if (code === 'EADDRINUSE')
    fail(`${setting}: ${wanted} on ${host} is already in use; choose another with ${flag}`, 1);
  if (code === 'EACCES')
    fail(
      `${setting}: ${wanted} is not permitted for this user (${message}); choose one above 1023 with ${flag}`,
      2,
    );
  const name = isOperator && config.operatorHost !== '' ? 'OPERATOR_HOST' : 'HOST';
  return fail(`${name}: ${host} cannot be listened on (${message}); use an address of this machine`, 2);
}

/** Loads the seed; ends the process with a one-line error if the store cannot take it. */
async function seedTenants(leases: Store): Promise<void> {
  if (seed === undefined) return;
  try {
    const tenants = await loadSeed(leases, seed);
    logger.info({ tenants, file: config.seed }, 'seed loaded into tenants that held nothing');
  } catch (error) {
    await leases.close();
    fail(`SEED: ${config.seed}: ${(error as Error).message}`, 1);
  }
}

/**
 * Waits until the store answers, at most two seconds. Building the app keeps the process busy, which a short store timeout may
 * have taken for an outage; the first requests must not pay for that.
 */
async function waitForStore(leases: Store): Promise<void> {
  const endMs = performance.now() + 2_000;
  const answers = (): Promise<boolean> =>
    leases.ping().then(
      () => true,
      () => false,
    );
  while (!(await answers()) && performance.now() < endMs) await pause(20);
}
