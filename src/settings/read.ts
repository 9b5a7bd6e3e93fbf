/** Reads settings from flags and environment variables, and describes them for `--help` and the docs. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { suggestion } from './nearest.ts';
import { type Setting, SettingError, type SettingsOf, type SettingTable } from './setting.ts';

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Returns the values of a table. Flags win over environment variables, and those over defaults; an empty variable counts
 * as not set, which is how compose files write it, and NAME_FILE names a file that holds the value of NAME. Throws SettingError naming the setting.
 */
export function readSettings<S extends SettingTable>(
  table: S,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): SettingsOf<S> {
  const flags = parseFlags(table, argv);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const flag = flags[flagOf(name)];
    const given = flag === undefined ? variable(setting.env, env) : String(flag);
    if (given === undefined || (flag === undefined && given === '')) {
      values[name] = setting.fallback;
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) {
      const where = flag === undefined ? setting.env : `--${flagOf(name)}`;
      const what = setting.isSecret === true ? 'the value' : `"${given}"`;
      throw new SettingError(`${where}: ${what} is not ${setting.expects}`);
    }
    values[name] = value;
  }
  // Every name of the table was given the value of its own setting.
  return values as SettingsOf<S>;
}

/** Returns where each value comes from: `flag`, `environment`, `file` or `default`, in the order in which they win. */
export function sourcesOf(
  table: SettingTable,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const flags = parseFlags(table, argv);
  const sources = Object.entries(table).map(([name, { env: variable }]) => {
    if (flags[flagOf(name)] !== undefined) return [name, 'flag'];
    if ((env[`${variable}_FILE`] ?? '') !== '') return [name, 'file'];
    return [name, (env[variable] ?? '') === '' ? 'default' : 'environment'];
  });
  return Object.fromEntries(sources) as Record<string, string>;
}

/** Returns the variable, or the contents of the file in the variable of the same name with `_FILE`, as secrets of containers are given. */
function variable(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { [name]: value, [`${name}_FILE`]: path = '' } = env;
  if (path === '') return value;
  if (value !== undefined && value !== '')
    throw new SettingError(`${name}: cannot be combined with ${name}_FILE; remove one of them`);
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new SettingError(`${name}_FILE: ${(error as Error).message}`);
  }
}

function parseFlags(table: SettingTable, argv: readonly string[]): Readonly<Record<string, unknown>> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, setting]) => [
      flagOf(name),
      {
        type: 'placeholder' in setting ? ('string' as const) : ('boolean' as const),
        ...(setting.letter === undefined ? {} : { short: setting.letter }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...argv], options, allowNegative: true, strict: true }).values;
  } catch (error) {
    const message = (error as Error).message.split(/\.\s/)[0] ?? 'unreadable command line';
    const [, flag] = /^Unknown option '(--[^']+)'$/.exec(message) ?? [];
    const known = Object.keys(options).map((name) => `--${name}`);
    const hint = flag === undefined ? '' : suggestion(flag, known, 'heartbeatd --help lists the flags');
    throw new SettingError(`${message}${hint}`);
  }
}

/** Returns the default of every setting of a table. */
export function defaultsOf<S extends SettingTable>(table: S): SettingsOf<S> {
  const defaults = Object.entries(table).map(([name, setting]) => [name, setting.fallback]);
  return Object.fromEntries(defaults) as SettingsOf<S>;
}

export interface SettingDescription {
  readonly flag: string;
  readonly env: string;
  readonly fallback: string;
  readonly help: string;
}

/** Returns one row per setting, in the order of declaration. */
export function describeSettings(table: SettingTable): readonly SettingDescription[] {
  return Object.entries(table).map(([name, setting]: [string, Setting<unknown>]) => ({
    flag: `${setting.letter === undefined ? '' : `-${setting.letter}, `}--${flagOf(name)}${setting.placeholder === undefined ? '' : ` ${setting.placeholder}`}`,
    env: setting.env,
    fallback: String(setting.fallback),
    help: setting.help,
  }));
}
