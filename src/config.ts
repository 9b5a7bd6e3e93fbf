/** All settings of the server: its own, the store's and each protocol's. Nothing else reads `process.env`. */
import { serverSettings } from './http/settings.ts';
import { checkTlsSettings, tlsSettings } from './http/tls/settings.ts';
import { operatorSettings } from './operator/settings.ts';
import { protocols } from './protocols/index.ts';
import type { ProtocolModule } from './protocols/kit/protocol.ts';
import {
  defaultsOf,
  describeSettings as describe,
  readSettings,
  type SettingDescription,
  sourcesOf,
} from './settings/read.ts';
import { SettingError, type SettingsOf, type SettingTable } from './settings/setting.ts';
import type { SettingsSection } from './settings/settings-page.ts';
import { storeSettings } from './store/settings.ts';

/** Turns the union of the protocols' tables into one table that has the settings of all. */
type Merged<U> = (U extends unknown ? (table: U) => void : never) extends (table: infer All) => void
  ? All
  : never;
type ProtocolSettings = Merged<SettingsOf<(typeof protocols)[number]['settings']>>;

export type Config = SettingsOf<typeof serverSettings> &
  SettingsOf<typeof tlsSettings> &
  SettingsOf<typeof operatorSettings> &
  SettingsOf<typeof storeSettings> &
  ProtocolSettings;

/** The tables of all parts, in the order in which people read them. */
export const settingSections: readonly SettingsSection[] = [
  { title: 'Server', table: serverSettings },
  { title: 'HTTPS', table: tlsSettings },
  { title: 'Operator API', table: operatorSettings },
  { title: 'Lease store', table: storeSettings },
  ...protocols.map(({ title, settings }) => ({ title, table: settings })),
];

const table: SettingTable = Object.assign({}, ...settingSections.map((section) => section.table));

const hasControl = /\p{Cc}/u;

/** Returns the settings; flags win over environment variables, and those over defaults. Throws SettingError naming the setting. */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  // The table is made of the declarations that Config is derived from.
  const config = readSettings(table, argv, env) as Config;
  // Node would listen on every address.
  if (config.host === '') throw new SettingError('HOST: no address; all addresses are 0.0.0.0 or ::');
  checkOperatorPort(config);
  if (hasControl.test(config.operatorToken) || config.operatorToken !== config.operatorToken.trim()) {
    throw new SettingError('OPERATOR_TOKEN: has characters that a header cannot carry, or spaces around it');
  }
  if (config.redisUrl !== '' && config.data !== '') {
    throw new SettingError('DATA: cannot be combined with REDIS_URL; the store is either a file or Redis');
  }
  checkTlsSettings(config);
  for (const protocol of protocols as readonly ProtocolModule[]) protocol.checkSettings?.(config);
  return config;
}

function checkOperatorPort({ host, port, operatorHost, operatorPort }: Config): void {
  if (operatorPort === 'same') {
    if (operatorHost !== '') throw new SettingError('OPERATOR_HOST: needs OPERATOR_PORT');
    return;
  }
  if (operatorPort !== 0 && operatorPort === port && (operatorHost === '' || operatorHost === host))
    throw new SettingError(
      `OPERATOR_PORT: ${operatorPort} is PORT as well; choose another, or "same" to serve both on one port`,
    );
}

/** Returns the defaults with some values replaced, for tests and for programs that embed the server. */
export function defaultConfig(changes: Partial<Config> = {}): Config {
  return { ...(defaultsOf(table) as Config), ...changes };
}

/** Returns one row per setting, for `--help` and the docs. */
export function describeSettings(): readonly SettingDescription[] {
  return describe(table);
}

/** Returns where each setting came from, by its name in code: flag, environment, file or default. */
export function settingSources(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return sourcesOf(table, argv, env);
}

/** A setting as people are shown it. */
interface ShownSetting {
  readonly name: string;
  readonly flag: string;
  /** `***` for a secret that is set. */
  readonly value: string;
  readonly source: string;
  readonly help: string;
  readonly section: string;
}

/** Returns the effective settings without secrets. Without `sources`, what is no default came from code. */
export function viewSettings(
  config: Config,
  sources: Readonly<Record<string, string>> = {},
): readonly ShownSetting[] {
  return settingSections.flatMap(({ title, table: part }) => {
    const described = describe(part);
    return Object.entries(part).map(([name, setting], at) => {
      const value = String((config as Readonly<Record<string, unknown>>)[name] ?? '');
      const isDefault = value === String(setting.fallback);
      return {
        name: setting.env,
        flag: described[at]?.flag ?? '',
        value: setting.isSecret === true && value !== '' ? '***' : value,
        source: sources[name] ?? (isDefault ? 'default' : 'code'),
        help: setting.help,
        section: title,
      };
    });
  });
}
