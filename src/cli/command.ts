/** What a command of the command line is, and what it is given. */
import type { Heartbeatd } from '../client/index.ts';

/** A flag of a command; `value` names what follows it, and is absent for a switch. */
export interface Flag {
  readonly value?: string;
  readonly letter?: string;
  readonly help: string;
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** One run of a command. */
export interface Invocation {
  /** What follows the command's name, without flags. */
  readonly words: readonly string[];
  readonly flags: Flags;
  /** What follows `--`. */
  readonly rest: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether people read the output. */
  readonly isTerminal: boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** The server in --url. */
  server(): Heartbeatd;
  /** Writes to standard output. */
  print(text: string): void;
  /** Reads standard input whole. */
  input(): string;
}

/** A command: a value that the help, the completion and the parser are made of. */
export interface Command {
  readonly name: string;
  /** What follows the name, for the help: `[advance <duration> | freeze | thaw]`. */
  readonly usage: string;
  readonly summary: string;
  /** What its own help and its documentation say besides, in sentences. */
  readonly note?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Words that may follow the name, for the completion. */
  readonly words?: readonly string[];
  /** Runs the command; resolves to its exit code. Rejects with UsageError, or with what is shown as one line. */
  run(invocation: Invocation): Promise<number>;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Flags of every command that talks to a server. */
export const serverFlags = {
  url: {
    value: '<url>',
    help: 'address of the server, with its OPERATOR_PORT if it has one (HEARTBEATD_URL) [http://127.0.0.1:8080]',
  },
  token: { value: '<token>', help: "the server's operator token (OPERATOR_TOKEN)" },
  json: { help: 'print JSON' },
} as const satisfies Record<string, Flag>;

/** Flags that select leases, requests and events. */
export const selectorFlags = {
  protocol: { value: '<name>', help: 'sls, pbx or presence' },
  tenant: { value: '<name>', help: 'sls/<project>, pbx/<name> (pbx/default) or presence/<subscribe key>' },
  group: { value: '<name>', help: 'logstore and consumer group, API user, or channel' },
  holder: { value: '<name>', help: 'consumer, token, or uuid' },
} as const satisfies Record<string, Flag>;

/** Flags that select requests, and events of them, besides those of `selectorFlags`. */
export const callFlags = {
  operation: { value: '<name>', help: "the vendor's name of the call" },
  body: { value: '<json>', help: 'conditions on members of the body, of events on their members, by path' },
  direction: { value: '<way>', help: 'in: what clients sent; out: what was sent to applications' },
} as const satisfies Record<string, Flag>;

/** Returns the text of a flag; undefined if it was not given. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** Returns the selector that the flags of `selectorFlags` and `callFlags` make. */
export function selectorOf(flags: Flags): Record<string, string> {
  const given = [...Object.keys(selectorFlags), ...Object.keys(callFlags), 'type'].flatMap((name) => {
    const value = textFlag(flags, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

/** Returns JSON that was given as a word, as `@file`, or as `-` for standard input. Throws UsageError. */
export function jsonWord(word: string, what: string, read: (path: string) => string): unknown {
  const text = word === '-' ? read('-') : word.startsWith('@') ? read(word.slice(1)) : word;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what}: ${(error as Error).message}`);
  }
}
