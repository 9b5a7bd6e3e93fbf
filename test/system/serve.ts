/** Whole server processes of the system tests. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  printed(): string;
  /** Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
/** For `afterEach`: a test that failed leaves no process behind. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** `stdout`: a file to print to, where what is printed is not to be read. */
export function launch(
  args: readonly string[],
  env: Record<string, string> = {},
  stdout: number | 'pipe' = 'pipe',
): Omit<Running, 'url'> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  running.add(child);
  let printed = '';
  const collect = (chunk: Buffer): void => {
    printed += chunk.toString();
    child.emit('printed');
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  return {
    child,
    ended,
    printed: () => printed,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

/** A server on a free port, once it says that it listens. */
export async function serve(
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Running> {
  const started = launch(['--port', '0', ...args], env);
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const found = /"url":"(http:[^"]+)".*"msg":"listening"/.exec(started.printed())?.[1];
      if (found !== undefined) resolve(found);
    };
    started.child.on('printed', look);
    started.ended.then((code) => reject(new Error(`ended with ${code}: ${started.printed()}`)));
  });
  return { ...started, url };
}
