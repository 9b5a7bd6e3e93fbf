/**
 * `heartbeatd --healthcheck`: exits with 0 if the server of this machine or container is ready, else with 1 and one line. The server is
 * found by `--host` and `--port`, else by those of process 1, as in a container, else by HOST and PORT.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { parseArgs } from 'node:util';
import { fail } from './fail.ts';

const timeoutMs = 2_500;

interface Address {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
}

function addressIn(args: readonly string[]): Address {
  const options = { host: { type: 'string' }, port: { type: 'string', short: 'p' } } as const;
  const { host, port } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
  }).values;
  return {
    host: typeof host === 'string' ? host : undefined,
    port: typeof port === 'string' ? port : undefined,
  };
}

/** Returns the flags of process 1 if that is the server. */
function argsOfFirstProcess(): readonly string[] {
  try {
    const [, script = '', ...args] = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
    return /(?:bin\.cjs|main\.[jt]s|heartbeatd)$/.test(script) ? args : [];
  } catch {
    return [];
  }
}

const own = addressIn(process.argv.slice(2));
const first = addressIn(argsOfFirstProcess());
const named = own.host ?? first.host ?? (process.env.HOST || '127.0.0.1');
// All addresses are no address to connect to.
const host = named === '0.0.0.0' ? '127.0.0.1' : named === '::' ? '::1' : named;
const port = own.port ?? first.port ?? (process.env.PORT || '8080');
if (!/^\d{1,5}$/.test(port)) fail(`--port: ${JSON.stringify(port)} is not a port`, 2);

await new Promise<void>((resolve) => {
  const request = get({ host, port, path: '/readyz', timeout: timeoutMs }, (reply) => {
    reply.resume();
    if (reply.statusCode !== 200) fail(`not ready: ${host}:${port}/readyz replied ${reply.statusCode}`, 1);
    resolve();
  });
  request.on('timeout', () => fail(`not ready: ${host}:${port} did not reply within ${timeoutMs} ms`, 1));
  request.on('error', ({ message }) => fail(`not ready: ${host}:${port} (${message})`, 1));
});
process.exit(0);
