/** The command line: finds the command, runs it, and turns what it throws into one line and an exit code. */
import { readFileSync } from 'node:fs';
import { connect, type Heartbeatd } from '../client/index.ts';
import { describeUnknown } from '../settings/nearest.ts';
import { type Command, type Flags, textFlag, UsageError } from './command.ts';
import { commands as all } from './commands/index.ts';
import { printFailure } from './fail.ts';
import { commandHelp, commandsText } from './help.ts';
import { parseCommand } from './parse.ts';

/** Runs `heartbeatd <args>`, whose first word names a command; resolves to the exit code: 0, 1 failed, 2 used wrongly. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  commands: readonly Command[] = all,
): Promise<number> {
  // Whoever reads the output may stop reading: `heartbeatd tail | head`.
  process.stdout.on('error', () => process.exit(0));
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await dispatch(args, { env, commands, signal: interrupted.signal });
  } catch (error) {
    printFailure(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly commands: readonly Command[];
  readonly signal: AbortSignal;
}

async function dispatch(
  [name = 'help', ...args]: readonly string[],
  { env, commands, signal }: Surroundings,
): Promise<number> {
  if (name === 'help') return printHelp(args[0], commands);
  const command = find(name, commands);
  const { words, flags, rest } = parseCommand(command, args);
  if (flags.help === true) return printHelp(name, commands);
  return command.run({
    ...{ words, flags, rest, env, signal },
    isTerminal: process.stdout.isTTY === true,
    server: () => serverOf(flags, env),
    print: (text) => void process.stdout.write(text),
    input: () => readFileSync(0, 'utf8'),
  });
}

function find(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const known = ['serve', 'help', ...commands.map((each) => each.name)];
  throw new UsageError(describeUnknown(name, known, 'heartbeatd help lists the commands'));
}

function printHelp(name: string | undefined, commands: readonly Command[]): number {
  const usage = 'Usage: heartbeatd <command> [flags]; heartbeatd --help lists the settings of the server';
  process.stdout.write(
    name === undefined ? `${usage}\n\n${commandsText(commands)}\n` : commandHelp(find(name, commands)),
  );
  return 0;
}

/** The server in --url, else in HEARTBEATD_URL, else on this machine at OPERATOR_PORT or PORT. */
function serverOf(flags: Flags, env: Readonly<Record<string, string | undefined>>): Heartbeatd {
  const { OPERATOR_PORT: operatorPort = '' } = env;
  const port = /^[1-9]\d*$/.test(operatorPort) ? operatorPort : env.PORT || '8080';
  const url = textFlag(flags, 'url') ?? (env.HEARTBEATD_URL || `http://127.0.0.1:${port}`);
  const token = textFlag(flags, 'token') ?? env.OPERATOR_TOKEN ?? '';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError(`--url: ${JSON.stringify(url)} is no URL such as http://127.0.0.1:8080`);
  return connect(url, token === '' ? {} : { token });
}
