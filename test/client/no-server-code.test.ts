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

/** Returns what a module loads, by paths from the root of the project; names of packages stay as they are. */
const pathsLoadedBy = (file: string): readonly string[] =>
  [...loadedBy(resolve(file))].map((name) => (name.startsWith('/') ? relative('.', name) : name));

it('the client loads nothing but its own folder', () => {
  const loaded = pathsLoadedBy('src/client/index.ts');
  expect(loaded.length).toBeGreaterThan(5);
  expect(loaded.filter((name) => !name.startsWith('src/client/'))).toEqual([]);
});

it('the module for testcontainers loads its own folder, the client and testcontainers', () => {
  const loaded = pathsLoadedBy('src/testcontainers/index.ts');
  const others = loaded.filter((name) => !/^src\/(?:client|testcontainers)\//.test(name));
  expect(others.toSorted()).toEqual(['node:path', 'testcontainers']);
});
