/** What a container's settings look like as environment variables. */
import type { Config } from '../config.ts';

/** What the container itself decides: where the server listens, and what has a method. */
type Reserved = 'host' | 'port' | 'operatorPort' | 'operatorToken' | 'redisUrl' | 'seed' | 'pbxCallbackHosts';

/** Settings by their names in code: `SLS_AUTO_CREATE` is `slsAutoCreate`. */
export type HeartbeatdSettings = Partial<Omit<Config, Reserved>>;

/** Returns the environment variables of settings; what is undefined is left out. */
export function environmentOf(settings: Partial<Config>): Record<string, string> {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [variableOf(name), textOf(value)]));
}

/** Returns the variable of a setting: `PBX_TOKEN_TTL_SECONDS` of `pbxTokenTtlSeconds`. */
export const variableOf = (name: string): string => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase();

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));
