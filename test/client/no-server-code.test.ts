import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** Imports and re-exports that remain when types are erased. */
const valueImport = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s+)?'(?<name>[^']+)'/gm;

/** Returns the files, and other names, that a module loads. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { groups } of readFileSync(file, 'utf8').matchAll(valueImport)) {
    const name = groups?.name ?? '';
    if (name.startsWith('.')) loadedBy(resolve(file, '..', name), seen);
    else seen.add(name);
  }
  return seen;
}

it('the client loads nothing but its own folder', () => {
  const loaded = [...loadedBy(resolve('src/client/index.ts'))].map((name) => relative('.', name));
  expect(loaded.length).toBeGreaterThan(5);
  expect(loaded.filter((name) => !name.startsWith('src/client/'))).toEqual([]);
});
