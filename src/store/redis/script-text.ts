/** The text of each Redis script: shared constants, and a file in `lua` with the fragments that it includes in place. */
import { readFileSync } from 'node:fs';
import * as limits from '../limits.ts';
import { keyNames } from './keys.ts';

/** Where each script is, below `lua`. */
const files = {
  beat: 'beat/beat',
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
  now: 'partition/now',
  drop: 'partition/drop',
  sweep: 'sweep/sweep',
  clock: 'partition/clock',
  tenants: 'partition/tenants',
} as const;

export type ScriptName = keyof typeof files;

export const scriptNames = Object.keys(files) as ScriptName[];

const read = (file: string): string => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8');

/** One line of Lua per constant, so that both languages have the same value. */
const constants = Object.entries({ ...limits, ...keyNames })
  .map(([name, value]) => `local ${name} = ${typeof value === 'string' ? `'${value}'` : value}\n`)
  .join('');

const texts = new Map<ScriptName, string>();

/** Returns the text of a script. A fragment stands where it is first included. */
export function scriptText(name: ScriptName): string {
  const text = texts.get(name) ?? assemble(name);
  texts.set(name, text);
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
  return constants + expand(read(files[name]));
}
