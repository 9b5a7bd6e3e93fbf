/** The server under test: a process of its own, that reaches no application and logs errors only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface FuzzServer {
  readonly url: string;
  readonly port: number;
  /** How it ended; undefined: it runs. */
  readonly exit: string | undefined;
  /** Lines of the log of level "error" and what else it printed. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server with the embedded store in memory, TLS beside HTTP, and further settings; resolves when it serves. */
export async function startFuzzServer(settings: readonly string[] = []): Promise<FuzzServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-fuzz-'));
  const args = [
    ...[
      '--port',
      String(port),
      '--log-level',
      'error',
      '--sls-shard-count',
      '3',
      '--presence-hold-seconds',
      '1',
    ],
    // Reports may be sent to one address only, which no machine has.
    ...['--pbx-allow-targets', '203.0.113.1/32', '--pbx-max-tokens', '100'],
    ...['--tls', 'auto', '--tls-folder', folder],
    ...settings,
  ];
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const errors: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => errors.push(line));
  let exit: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
      exit = String(code ?? signal);
      resolve();
    });
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (exit !== undefined) throw new Error(`the server ended with ${exit}: ${errors.join('\n')}`);
    await pause(50);
  }
  return {
    url,
    port,
    errors,
    get exit() {
      return exit;
    },
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, pause(15_000)]);
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
