/** Server processes of benchmarks, and what they use. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
}

/** The core of the servers, and that of the load and of Redis. */
export type Core = 0 | 1;

const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts a program on the first core; resolves when it answers on `path`. */
export async function startProgram(
  command: readonly string[],
  {
    port,
    path,
    env = {},
  }: { readonly port: number; readonly path: string; readonly env?: NodeJS.ProcessEnv },
): Promise<ServerProcess> {
  const child = spawn('taskset', ['-c', '0', ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', process.env.BENCH_DEBUG === undefined ? 'ignore' : 'inherit'],
  });
  children.push(child);
  const isUp = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}${path}`).then(
      () => true,
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended`);
    await setTimeout(50);
  }
  // taskset becomes the program, so the child's id is the program's.
  return { pid: child.pid ?? 0, port };
}

/** Starts `src/main.ts` of a checkout on the first core. */
export async function startHeartbeatd(checkout: string, env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const port = await freePort();
  const command = [process.execPath, join(checkout, 'src/main.ts'), '--port', String(port)];
  return startProgram(command, { port, path: '/healthz', env });
}

/**
 * Starts a script of this folder that prints one line when it is ready; resolves with the process and the line. Without a core it runs
 * on any.
 */
export async function startScript(
  [script, ...args]: readonly [script: string, ...args: string[]],
  { core, flags = [] }: { readonly core?: Core; readonly flags?: readonly string[] } = {},
): Promise<{ readonly child: ChildProcess; readonly line: string }> {
  const command = [process.execPath, ...flags, script, ...args];
  const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(pinned[0] ?? '', pinned.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  return { child, line: await promise };
}

/** Starts `server.ts` on the first core; resolves with its port. */
export async function startServer(...args: string[]): Promise<number> {
  const script = join(import.meta.dirname, 'server.ts');
  const { line } = await startScript([script, ...args], { core: 0, flags: ['--expose-gc'] });
  return Number(line);
}

/** Ends every process that was started here. */
export function stopServers(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
}

/** Puts a process on the second core, beside the load. */
export function pinBesideLoad(pid: number | undefined): void {
  execFileSync('taskset', ['-cp', '1', String(pid)], { stdio: 'ignore' });
}

/** Stops a process, or lets it continue: servers that are not measured now must not use the core of those that are. */
export function setPaused(pid: number, paused: 'paused' | 'running'): void {
  process.kill(pid, paused === 'paused' ? 'SIGSTOP' : 'SIGCONT');
}

const ticksPerSecond = 100;

/** Returns the user and system time of a process, seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Returns the resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
}
