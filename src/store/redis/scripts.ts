/** The Redis scripts: files in `lua`, which include fragments of `lua/shared` by name, run by hash. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

export const scriptNames = [
  'beat',
  'release',
  'setData',
  'read',
  'members',
  'count',
  'groups',
  'groupsOf',
  'readDocuments',
  'listDocuments',
  'commit',
  'readTopics',
  'topicBounds',
  'now',
  'drop',
  'sweep',
  'clock',
  'tenants',
] as const;

export type ScriptName = (typeof scriptNames)[number];
export type ScriptArgument = string | number | Buffer;

/** What a script answers: Lua's tables, numbers and strings as Redis sends them; false arrives as null. */
export type Reply = string | number | Buffer | null | readonly Reply[];

const read = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');

const texts = new Map<ScriptName, string>();

/** The text of a script with its fragments in place, each once: where it, or a fragment, first includes it. */
export function scriptText(name: ScriptName): string {
  const text = texts.get(name) ?? assemble(name);
  texts.set(name, text);
  return text;
}

function assemble(name: ScriptName): string {
  const included = new Set<string>();
  const expand = (text: string): string =>
    text.replaceAll(/^--@include (\w+)\n/gm, (_, fragment: string) => {
      if (included.has(fragment)) return '';
      included.add(fragment);
      return expand(read(`shared/${fragment}`));
    });
  return expand(read(name));
}

/** Makes the scripts known to a connection, which sends their hashes and loads a script when Redis does not know it. */
export function defineScripts(redis: Redis): void {
  for (const name of scriptNames) {
    redis.defineCommand(`hb_${name}`, { lua: scriptText(name), numberOfKeys: 1 });
  }
}

/** Makes sure that Redis knows a script, where its text cannot be sent again. */
export async function loadScript(redis: Redis, name: ScriptName): Promise<void> {
  await redis.script('LOAD', scriptText(name));
}

/** Runs a script on the partition whose clock is `key`. `raw`: strings come as bytes. */
export function runScript(
  redis: Redis,
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
