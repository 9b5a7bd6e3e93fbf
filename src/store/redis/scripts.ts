/** Runs the Redis scripts, by their hashes. */
import type { Redis } from 'ioredis';
import type { TenantBounds } from '../driver.ts';
import type { declaredKeys } from './keys.ts';
import { type ScriptName, scriptNames, scriptText } from './script-text.ts';

export type ScriptArgument = string | number | Buffer;

/** What a script replies: Lua's tables, numbers and strings as Redis sends them; false arrives as null. */
export type Reply = string | number | Buffer | null | readonly Reply[];

/** Defines the scripts on a connection, which sends their hashes and loads a script when Redis does not know it. */
export function defineScripts(redis: Redis, bounds: TenantBounds): void {
  for (const name of scriptNames) {
    redis.defineCommand(`hb_${name}`, { lua: scriptText(name, bounds), numberOfKeys: 2 });
  }
}

/** Loads a script into Redis, where its text cannot be sent after its hash was refused. */
export async function loadScript(redis: Redis, name: ScriptName, bounds: TenantBounds): Promise<void> {
  await redis.script('LOAD', scriptText(name, bounds));
}

/** A call of a script, before it is known which process serves the partition. */
export interface ScriptCall {
  readonly name: ScriptName;
  readonly partition: number;
  readonly args: readonly ScriptArgument[];
  /** Strings of the reply come as bytes. */
  readonly raw?: boolean;
}

/** Runs a script on a connection. `keys`: those that the script declares. */
export function runScript(
  redis: Redis,
  { name, args, raw }: ScriptCall,
  [clock, absent]: ReturnType<typeof declaredKeys>,
): Promise<Reply> {
  // ioredis adds the commands to the connection at run time, where types do not see them.
  const commands = redis as unknown as Record<
    string,
    (clock: string, absent: string, args: readonly ScriptArgument[]) => Promise<Reply>
  >;
  return (
    commands[`hb_${name}${raw === true ? 'Buffer' : ''}`]?.call(redis, clock, absent, args) ??
    Promise.reject(new Error(`no script ${name}`))
  );
}
