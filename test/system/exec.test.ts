/** `heartbeatd exec` as a whole process: what signals do to it, to its command and to its server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Exec {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  printed(): string;
  /** Resolves once a text is printed. */
  prints(text: string): Promise<void>;
}

/** Starts a program, without a terminal. */
function start(program: string, args: readonly string[]): Exec {
  const child = spawn(program, args, {
    // A session without a terminal, wherever the tests run.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '' },
  });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += String(chunk);
      child.emit('printed');
    });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const prints = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => (printed.includes(text) ? resolve() : undefined);
      child.on('printed', look);
      look();
      ended.then((code) => reject(new Error(`ended with ${code}: ${printed}`)));
    });
  return { child, ended, printed: () => printed, prints };
}

const execArgs = (program: string): string[] => [
  'src/bin.cts',
  'exec',
  '--',
  process.execPath,
  '-e',
  program,
];
const exec = (program: string): Exec => start(process.execPath, execArgs(program));
const urlIn = (text: string): string => /at (http:\S+)/.exec(text)?.[1] ?? '';
const reach = (url: string): Promise<string> =>
  fetch(`${url}/time/0`).then(
    () => 'up',
    () => 'down',
  );

const begin = `setInterval(() => {}, 1_000); console.log('at ' + process.env.HEARTBEATD_URL);`;
/** Counts what it gets, and ends half a second after the first, with a code of its choice. */
const counting = `let count = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
    process.on(signal, () => {
      count += 1;
      if (count === 1) setTimeout(() => { console.log(signal, count); process.exit(9); }, 500);
    });
  ${begin}`;

describe('exec', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'passes %s on, exits as a shell does for a command that it ends, and stops the server',
    async (signal) => {
      const { child, ended, prints, printed } = exec(begin);
      await prints('at http');
      expect(await reach(urlIn(printed()))).toBe('up');
      child.kill(signal);
      expect(await ended).toBe(128 + constants.signals[signal]);
      expect(await reach(urlIn(printed()))).toBe('down');
    },
  );

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'waits for a command that ends by itself after %s, serves it until then, and keeps its exit code',
    async (signal) => {
      const { child, ended, prints, printed } = exec(counting);
      await prints('at http');
      child.kill(signal);
      expect(await reach(urlIn(printed()))).toBe('up');
      expect(await ended).toBe(9);
      expect(printed()).toContain(`${signal} 1\n`);
      expect(await reach(urlIn(printed()))).toBe('down');
    },
  );

  it.each([
    ['on its streams', ''],
    ['that none of its streams is', ' </dev/null 2>&1 | cat'],
  ])('leaves Ctrl-C of a terminal %s to the command, which gets it once', async (_, redirection) => {
    const line = [process.execPath, ...execArgs(counting)].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    const { child, ended, prints, printed } = start('script', [
      '-qec',
      // `cat` would end with Ctrl-C.
      `trap '' INT; ${line.join(' ')}${redirection.replace('cat', '(trap "" INT; cat)')}`,
      '/dev/null',
    ]);
    await prints('at http');
    child.stdin?.write('\u0003');
    await ended;
    expect(printed()).toMatch(/SIGINT 1\r?\n/);
    expect(await reach(urlIn(printed()))).toBe('down');
  });

  it('exits with 128 + n for a command that a signal ended, and with 126 for one that may not be run', async () => {
    expect(await exec(`process.kill(process.pid, 'SIGKILL')`).ended).toBe(137);
    const { ended, printed } = start(process.execPath, ['src/bin.cts', 'exec', '--', './package.json']);
    expect(await ended).toBe(126);
    expect(printed()).toMatch(/^heartbeatd: exec: \.\/package\.json: .*EACCES\n$/);
  });
});
