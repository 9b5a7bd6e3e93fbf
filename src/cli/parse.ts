/** Reads the words and flags of a command. */
import { parseArgs } from 'node:util';
import { describeUnknown } from '../settings/nearest.ts';
import { type Command, type Flags, UsageError } from './command.ts';

export interface ParsedCommand {
  readonly words: readonly string[];
  readonly flags: Flags;
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/** Returns what the command was given. Throws UsageError, which names the nearest valid flag. */
export function parseCommand({ name, flags }: Command, args: readonly string[]): ParsedCommand {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const options = Object.fromEntries(
    Object.entries(flags).map(([flag, { value, letter }]) => [
      flag,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(letter === undefined ? {} : { short: letter }),
      },
    ]),
  );
  const { values, positionals, tokens } = parseArgs({
    args: [...own],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    if (flag === undefined && token.name !== 'help') {
      const known = Object.keys(flags).map((known) => `--${known}`);
      throw new UsageError(
        `${name}: ${describeUnknown(token.rawName, known, `heartbeatd ${name} --help lists its flags`)}`,
      );
    }
    if (flag?.value !== undefined && token.value === undefined)
      throw new UsageError(`${name}: ${token.rawName} needs ${flag.value}`);
    if (flag?.value === undefined && token.value !== undefined)
      throw new UsageError(`${name}: ${token.rawName} takes no value`);
  }
  return {
    words: positionals,
    flags: values as Flags,
    rest: end === -1 ? [] : args.slice(end + 1),
  };
}
