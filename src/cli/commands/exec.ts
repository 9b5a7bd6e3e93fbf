/** `heartbeatd exec`: runs a command with a private server, which ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { type Command, textFlag, UsageError } from '../command.ts';

/** As shells exit for a program that is not found, and for one that may not be run. */
const notFound = 127;
const notPermitted = 126;

/** Signals that users and supervisors end a command with. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type Ending = (typeof endings)[number];

/** What a terminal sends to all processes in its foreground, so also to the command. */
const sentByTerminals: ReadonlySet<NodeJS.Signals> = new Set<Ending>(['SIGINT', 'SIGHUP', 'SIGQUIT']);

export const exec: Command = {
  name: 'exec',
  usage: '-- <command> [argument…]',
  summary:
    'run a command with a private server, whose address is in HEARTBEATD_URL and the proxy variables; signals reach the command, and its exit code is the result, 128 + n after signal n',
  note: 'In a terminal, where Ctrl-C reaches both processes, SIGINT, SIGHUP and SIGQUIT to heartbeatd alone do not reach the command; send SIGTERM, or signal the command or the process group.',
  flags: {
    faults: { value: '<file>', help: 'fault rules that are there from the start: a JSON list, or a module' },
    seed: { value: '<file>', help: 'state that is there from the start, as export writes it, or a module' },
    'no-proxy': { help: 'leave HTTP_PROXY alone' },
  },
  async run({ rest: [program, ...args], words, flags, env }) {
    if (program === undefined || words.length > 0)
      throw new UsageError('exec: write the command after --, such as: heartbeatd exec -- npm test');
    // From here on, so that a signal while the server starts ends it, too.
    using signals = forwardSignals();
    const { startHeartbeatd } = await import('../../start-heartbeatd.ts');
    const { seed = '', faults = '' } = { seed: textFlag(flags, 'seed'), faults: textFlag(flags, 'faults') };
    await using hb = await startHeartbeatd({ settings: { seed, faults } });
    if (signals.first !== undefined) return exitCodeOf(signals.first);
    const proxy = flags['no-proxy'] === true ? {} : hb.sls.env();
    const child = spawn(program, args, {
      stdio: 'inherit',
      env: { ...env, HEARTBEATD_URL: hb.url, ...proxy },
    });
    signals.to(child);
    return await ended(child, program);
  },
};

interface Forwarding extends Disposable {
  /** The first signal that came. */
  readonly first: Ending | undefined;
  /** Sends the signals that come from here on to a child. */
  to(child: ChildProcess): void;
}

/** Keeps signals from ending this process, which ends with its child, and sends the child those that it did not get itself. */
function forwardSignals(): Forwarding {
  let first: Ending | undefined;
  let target: ChildProcess | undefined;
  const inTerminal = isInTerminal();
  const forward = (signal: Ending): void => {
    first ??= signal;
    // A child that gets Ctrl-C twice takes the second as a demand to end at once. Node.js does not tell who sent a signal.
    if (!(inTerminal && sentByTerminals.has(signal))) target?.kill(signal);
  };
  for (const signal of endings) process.on(signal, forward);
  return {
    get first() {
      return first;
    },
    to(child) {
      target = child;
    },
    [Symbol.dispose]() {
      for (const signal of endings) process.off(signal, forward);
    },
  };
}

/** Returns whether there is a terminal that signals this process and its child alike, also if none of their streams is it. */
function isInTerminal(): boolean {
  if ([process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY === true)) return true;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** Resolves to the exit code of a child, as shells report it. */
function ended(child: ChildProcess, program: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('error', (error: NodeJS.ErrnoException) => {
    process.stderr.write(`heartbeatd: exec: ${program}: ${error.message}\n`);
    resolve(codesOfErrors[error.code ?? ''] ?? 1);
  });
  child.once('exit', (code, signal) => resolve(code ?? exitCodeOf(signal ?? 'SIGTERM')));
  return promise;
}

const codesOfErrors: Readonly<Record<string, number>> = { ENOENT: notFound, EACCES: notPermitted };

const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
