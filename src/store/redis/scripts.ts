/** Runs the Redis scripts, by their hashes. */
import type { Cluster, Redis } from 'ioredis';
import { type ScriptName, scriptNames, scriptText } from './script-text.ts';

export type { ScriptName } from './script-text.ts';

export type ScriptArgument = string | number | Buffer;

/** What a script answers: Lua's tables, numbers and strings as Redis sends them; false arrives as null. */
export type Reply = string | number | Buffer | null | readonly Reply[];

/** Makes the scripts known to a connection, which sends their hashes and loads a script when Redis does not know it. */
export function defineScripts(redis: Redis | Cluster): void {
  for (const name of scriptNames) {
    redis.defineCommand(`hb_${name}`, { lua: scriptText(name), numberOfKeys: 1 });
  }
}

/** Runs a script on the partition whose clock is `key`. `raw`: strings come as bytes. */
export function runScript(
  redis: Redis | Cluster,
  name: ScriptName,
  key: string,
  args: readonly ScriptArgument[],
  raw = false,
): Promise<Reply> {
  // ioredis adds the commands to the connection at run time, where types do not see them.
  const commands = redis as unknown as Record<
    string,
    (key: string, args: readonly ScriptArgument[]) => Promise<Reply>
  >;
  return (
    commands[`hb_${name}${raw ? 'Buffer' : ''}`]?.call(redis, key, args) ??
    Promise.reject(new Error(`no script ${name}`))
  );
}
