/** Server processes of benchmarks, and what they use. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
}

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

/** Returns what results are to be read with: where, when and with what they were measured. */
export function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}
