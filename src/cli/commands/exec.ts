/** `heartbeatd exec`: runs a command with a private server, which ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type Command, textFlag, UsageError } from '../command.ts';

/** As shells do for a program that is not found. */
const notFound = 127;

export const exec: Command = {
  name: 'exec',
  usage: '-- <command> [argument…]',
  summary: 'run a command with a private server, whose address is in HEARTBEATD_URL and the proxy variables',
  flags: {
    faults: { value: '<file>', help: 'fault rules that are there from the start: a JSON list, or a module' },
    seed: { value: '<file>', help: 'state that is there from the start, as export writes it, or a module' },
    'no-proxy': { help: 'leave HTTP_PROXY alone' },
  },
  async run({ rest: [program, ...args], words, flags, env }) {
    if (program === undefined || words.length > 0)
      throw new UsageError('exec: write the command after --, such as: heartbeatd exec -- npm test');
    const { startHeartbeatd } = await import('../../start-heartbeatd.ts');
    const { seed = '', faults = '' } = { seed: textFlag(flags, 'seed'), faults: textFlag(flags, 'faults') };
    await using hb = await startHeartbeatd({ settings: { seed, faults } });
    const proxy = flags['no-proxy'] === true ? {} : hb.sls.env();
    const child = spawn(program, args, {
      stdio: 'inherit',
      env: { ...env, HEARTBEATD_URL: hb.url, ...proxy },
    });
    return await exitCode(child, program);
  },
};

/** Resolves to the exit code of the child, as a shell tells it; signals to this process reach the child. */
function exitCode(child: ChildProcess, program: string): Promise<number> {
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', forward);
  // A terminal sends it to the child, too: this process only has to outlive it.
  const wait = (): void => {};
  process.on('SIGINT', wait);
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('error', (error: NodeJS.ErrnoException) => {
    process.stderr.write(`heartbeatd: exec: ${program}: ${error.message}\n`);
    resolve(error.code === 'ENOENT' ? notFound : 1);
  });
  child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  return promise.finally(() => {
    process.off('SIGTERM', forward);
    process.off('SIGINT', wait);
  });
}
