/** The text of each Redis script: a file in `lua`, with the fragments that it includes and the values of constants in place. */
import { readFileSync } from 'node:fs';
import type { TenantBounds } from '../driver.ts';
import * as limits from '../limits.ts';
import { serverSpace } from '../server-space.ts';
import { keyNames, layoutVersion } from './keys.ts';

/** Where each script is, below `lua`. */
const files = {
  beat: 'beat/beat',
  beatWhenFull: 'beat/beat',
  release: 'leases/release',
  setData: 'leases/setData',
  read: 'leases/read',
  members: 'leases/members',
  count: 'leases/count',
  groups: 'leases/groups',
  groupsOf: 'leases/groupsOf',
  readDocuments: 'documents/readDocuments',
  listDocuments: 'documents/listDocuments',
  commit: 'documents/commit',
  readTopics: 'topics/readTopics',
  topicBounds: 'topics/topicBounds',
  watchEvents: 'topics/watchEvents',
  now: 'partition/now',
  drop: 'partition/drop',
  dump: 'partition/dump',
  load: 'partition/load',
  sweep: 'sweep/sweep',
  clock: 'partition/clock',
  tenants: 'partition/tenants',
  ownClocks: 'partition/ownClocks',
} as const;

export type ScriptName = keyof typeof files;

export const scriptNames = Object.keys(files) as ScriptName[];

const read = (file: string): string => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8');

/** Constants that both languages use, by name. */
const sharedConstants = literals({ ...limits, ...keyNames, layoutVersion, serverSpace, isMemoryFull: false });

/** Constants that have another value in some scripts. */
const ownConstants: { readonly [N in ScriptName]?: ReadonlyMap<string, string> } = {
  // Renews leases and ends those that are due while Redis has no free memory; grants nothing.
  beatWhenFull: literals({ isMemoryFull: true }),
};

type Constant = string | number | boolean;

function literals(values: Readonly<Record<string, Constant>>): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, luaLiteral(value)]));
}

function luaLiteral(value: Constant): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

const unbounded: TenantBounds = { maxTenantBytes: 0, maxTenants: 0 };

const texts = new Map<string, string>();

/**
 * Returns the text of a script, with the bounds of tenants in it, of which `maxTenants` is that of a partition: an argument would cost
 * each call a little. A fragment stands where it is first included.
 */
export function scriptText(name: ScriptName, bounds: TenantBounds = unbounded): string {
  const { maxTenantBytes, maxTenants } = bounds;
  const known = `${maxTenantBytes} ${maxTenants} ${name}`;
  const constants = new Map([...literals({ maxTenantBytes, maxTenants }), ...(ownConstants[name] ?? [])]);
  const text = texts.get(known) ?? insertConstants(assemble(name), constants);
  texts.set(known, text);
  return text;
}

function assemble(name: ScriptName): string {
  const included = new Set<string>();
  const expand = (text: string): string =>
    text.replaceAll(/^--@include ([\w/]+)\n/gm, (_, fragment: string) => {
      if (included.has(fragment)) return '';
      included.add(fragment);
      return expand(read(fragment));
    });
  return expand(read(files[name]));
}

const declaration = /^local ([A-Z][A-Z_]*) = ('[^']*'|\d+)(?=\s)/gm;

/**
 * Puts their values in place of shared constants and of upper-case names that are declared as a text or a number. A local of
 * the script instead would make each function that uses it dearer to create, and every call creates its functions.
 */
function insertConstants(text: string, own: ReadonlyMap<string, string>): string {
  const constants = new Map([...sharedConstants, ...own]);
  const rest = text.replaceAll(declaration, (_, name: string, value: string) => {
    constants.set(name, value);
    return '';
  });
  return rest.replaceAll(/\b[A-Za-z_]\w*\b/g, (word) => constants.get(word) ?? word);
}
