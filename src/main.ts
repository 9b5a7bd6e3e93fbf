/** The process: read the settings, open the store, build the app, listen, stop gracefully. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type DestinationStream, pino } from 'pino';
import { buildApp } from './app.ts';
import { type Config, describeSettings, readConfig } from './config.ts';
import { makeMetrics } from './operator/metrics.ts';
import { hashPassword } from './protocols/pbx/password.ts';
import { SettingError } from './settings/setting.ts';
import { openStore } from './store/open.ts';
import { version } from './version.ts';
import { welcome } from './welcome.ts';

function help(): string {
  const rows = describeSettings().map(({ flag, env, fallback, help: text }) => {
    const standard = fallback === '' ? '' : ` [${fallback}]`;
    return `  ${flag}\n      ${text} (${env})${standard}`;
  });
  return `heartbeatd ${version}: SLS, PBX and Presence heartbeats over one lease store\n\nUsage: heartbeatd [flags]\n\n${rows.join('\n')}\n  --hash-password\n      read a password from standard input and print it as PBX_USERS takes it\n  --help, --version\n`;
}

/** One line, whatever was quoted in it. */
function fail(message: string, code: number): never {
  process.stderr.write(`heartbeatd: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`);
  process.exit(code);
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(help());
  process.exit(0);
}
if (args.includes('--version')) {
  process.stdout.write(`${version}\n`);
  process.exit(0);
}

if (args.includes('--hash-password')) {
  const [password = ''] = readFileSync(0, 'utf8').split(/\r?\n/, 1);
  if (password === '') fail('--hash-password: no password on standard input', 2);
  process.stdout.write(`${await hashPassword(password, randomBytes(16))}\n`);
  process.exit(0);
}

function readSettings(): Config {
  try {
    return readConfig(args, process.env);
  } catch (error) {
    if (error instanceof SettingError) fail(error.message, 2);
    throw error;
  }
}

const config = readSettings();
// Who read what is printed may go, and a disk may be full; leases stay.
process.stdout.on('error', () => {});
/** Logs that cannot be written now are kept up to so many bytes, the rest are lost. */
const maxUnwritten = 1_024 * 1_024;
const printed = pino.destination({ fd: 1, sync: true, maxLength: maxUnwritten });
printed.on('error', () => {});
/** Returns the stream for a terminal; its formatter is loaded only there. */
async function openTerminal(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: true, ignore: 'pid,hostname', singleLine: true, translateTime: 'HH:MM:ss.l' });
}
const logger = pino({ level: config.logLevel }, process.stdout.isTTY ? await openTerminal() : printed);

const metrics = makeMetrics();
let sweepsFail = false;
const store = await openStore(config, {
  log: logger,
  onBatch: (size, failed, milliseconds) => {
    metrics.storeBatch(size, failed, milliseconds);
    if (!failed) sweepsFail = false;
  },
  onSweepError: (error) => {
    metrics.sweepFailed();
    // Once an outage: a sweep fails many times a second while the store is away.
    if (!sweepsFail)
      logger.warn({ err: error }, 'expired leases cannot be looked for; this goes on by itself');
    sweepsFail = true;
  },
}).catch((error: Error) => fail(error.message, error instanceof SettingError ? 2 : 1));
metrics.watch(store);

/** Longer than a request takes to come, shorter than anybody waits for a process to end, ms. */
const lastRequestMs = 100;
const app = await buildApp({ config, store, logger, metrics, lastRequestMs }).catch(async (error: Error) => {
  await store.close();
  return fail(error.message, error instanceof SettingError ? 2 : 1);
});

let stopping = false;
async function stop(signal: NodeJS.Signals): Promise<void> {
  if (stopping) process.exit(1);
  stopping = true;
  logger.info({ signal }, 'stopping: what is under way is finished first; a second signal ends it at once');
  setTimeout(() => {
    logger.error('what is under way took too long: stopping without it');
    process.exit(1);
  }, config.shutdownTimeoutMs).unref();
  await app.close();
  await store.close();
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

/**
 * Building the app keeps the process busy, and a store with little patience may have taken that for an outage: the first
 * requests must not pay for it. Waits until the store answers, two seconds at the most.
 */
async function settleStore(): Promise<void> {
  await app.ready();
  const endMs = performance.now() + 2_000;
  const answers = (): Promise<boolean> =>
    store.ping().then(
      () => true,
      () => false,
    );
  while (!(await answers()) && performance.now() < endMs) await pause(20);
}

try {
  await settleStore();
  await app.listen({ host: config.host, port: config.port });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  await store.close();
  if (code === 'EADDRINUSE') fail(`PORT: ${config.port} on ${config.host} is taken by another process`, 1);
  if (code === 'EACCES') fail(`PORT: ${config.port} is not open to this user (${message})`, 2);
  fail(`HOST: ${config.host} cannot be listened on (${message})`, 2);
}
const { port } = app.server.address() as AddressInfo;
process.stdout.write(welcome({ host: config.host, port, store: store.description, version }));
