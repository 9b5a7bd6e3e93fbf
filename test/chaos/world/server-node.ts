/** A server process of a chaos run, behind a TCP proxy through which its clients reach it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const shiftedClock = new URL('./shifted-clock.ts', import.meta.url).href;

export interface ServerNode {
  readonly name: string;
  /** As clients reach it. */
  readonly url: string;
  readonly proxy: TcpProxy;
  /** How far its wall clock is set forward, ms. */
  readonly shiftMs: number;
  start(): Promise<void>;
  /** Sends the signal and resolves when the process has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Sets the wall clock of the process. */
  setClock(shiftMs: number): void;
  close(): Promise<void>;
}

export interface ServerNodeOptions {
  readonly name: string;
  /** Where the file of its clock is kept. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Called with each log line that is not about a request. */
  readonly onLine: (line: string) => void;
  /** Called with each log line of level "error" or above, except requests that an unavailable store refused. */
  readonly onError: (line: string) => void;
}

/** The level of errors in the log, and the status of requests that are refused while the store is away. */
const errorLevel = 50;
const unavailable = 503;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a node and resolves when it listens. */
export async function startServerNode(options: ServerNodeOptions): Promise<ServerNode> {
  const { name, folder } = options;
  const clockFile = join(folder, `${name}.clock`);
  const target = { port: 0 };
  let child: ChildProcess | undefined;
  let shiftMs = 0;
  writeFileSync(clockFile, '0');

  const start = async (): Promise<void> => {
    const env = { PATH: process.env.PATH ?? '', CLOCK_SHIFT_FILE: clockFile };
    const args = [
      '--import',
      shiftedClock,
      main,
      '--port',
      '0',
      '--request-log',
      'failures',
      ...options.args,
    ];
    const started = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    running.add(started);
    started.once('exit', () => running.delete(started));
    target.port = await readLines(started, options);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = child;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = once(ended, 'exit');
    ended.kill(signal);
    await gone;
  };
  await start();
  const proxy = await startTcpProxy(target);
  return {
    name,
    url: `http://127.0.0.1:${proxy.port}`,
    proxy,
    get shiftMs() {
      return shiftMs;
    },
    start,
    end,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    setClock(ms) {
      shiftMs = ms;
      writeFileSync(clockFile, String(ms));
      child?.kill('SIGUSR2');
    },
    async close() {
      child?.kill('SIGCONT');
      await end('SIGKILL');
      await proxy.close();
    },
  };
}

/** Reads what the process prints. Resolves with its port; rejects if it ends before it listens. */
function readLines(child: ChildProcess, { name, onError, onLine }: ServerNodeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    let last = '';
    const read = (line: string): void => {
      last = line;
      const entry = parseLine(line);
      if (entry?.msg !== 'request') onLine(`${name}: ${line}`);
      if (entry === undefined) onError(`${name}: ${line}`);
      else if (entry.msg === 'listening') resolve(Number(new URL(entry.url ?? '').port));
      else if (entry.level >= errorLevel && entry.status !== unavailable) onError(`${name}: ${line}`);
    };
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', read);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}: ${last}`)));
  });
}

interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly url?: string;
  readonly status?: number;
}

function parseLine(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
