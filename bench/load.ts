/** What all benchmarks share: servers on one core, wrk on the other. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const connections = 64;

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly host?: string;
}

export interface Sample {
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
}

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-bench-'));
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts bench/server.ts on the first core; resolves with its port. */
export function startServer(...args: string[]): Promise<number> {
  const child = spawn(
    'taskset',
    ['-c', '0', process.execPath, '--expose-gc', join(import.meta.dirname, 'server.ts'), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** wrk sends these requests in turn on every connection. */
function script(requests: readonly Request[]): string {
  const quoted = requests.map(({ method, path, body = '', host = '127.0.0.1' }) => {
    const type = body === '' ? '' : ', ["Content-Type"] = "application/json"';
    return `  wrk.format("${method}", [==[${path}]==], { Host = "${host}"${type} }, ${body === '' ? 'nil' : `[==[${body}]==]`}),`;
  });
  return `local requests = {}\nlocal at = 0\nfunction init()\n requests = {\n${quoted.join('\n')}\n }\n at = math.random(#requests)\nend\nfunction request()\n at = at % #requests + 1\n return requests[at]\nend\n`;
}

/** Throws unless every request was answered with a 2xx. `requests`: in turn on every connection, or a wrk script. */
export function load(port: number, requests: readonly Request[] | string, forSeconds: number): Sample {
  const file = join(folder, 'requests.lua');
  writeFileSync(file, typeof requests === 'string' ? requests : script(requests));
  const printed = execFileSync(
    'taskset',
    [
      '-c',
      '1',
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${forSeconds}s`,
      '--latency',
      '-s',
      file,
      `http://127.0.0.1:${port}/`,
    ],
    { encoding: 'utf8' },
  );
  if (/Non-2xx|Socket errors/.test(printed)) throw new Error(`not every request was answered:\n${printed}`);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(printed);
  const unit = { us: 0.001, ms: 1, s: 1_000 }[p99?.[2] ?? 'ms'] ?? 1;
  return {
    requests: Number(/(\d+) requests in/.exec(printed)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1]),
    p99Ms: Number(p99?.[1]) * unit,
  };
}

/** Ends every server that was started here. */
export function stopServers(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Ends the process with a line that says what to install. */
export function requireTools(): void {
  try {
    execFileSync('sh', ['-c', 'command -v wrk && command -v taskset'], { stdio: 'ignore' });
  } catch {
    console.error('the benchmark needs wrk and taskset on the PATH (Debian: apt-get install wrk util-linux)');
    process.exit(1);
  }
}

/** Puts a process on the second core, beside the load. */
export function pinBesideLoad(pid: number | undefined): void {
  execFileSync('taskset', ['-cp', '1', String(pid)], { stdio: 'ignore' });
}
