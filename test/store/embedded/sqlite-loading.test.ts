import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Opens and closes a store in a process of its own; returns the parts of SQLite that Node.js loaded for it. */
function loadedFor(data: string): string[] {
  const script = `
    const { defaultConfig, openStore } = await import('./src/index.ts');
    const store = await openStore(defaultConfig({ data: ${JSON.stringify(data)} }));
    await store.close();
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => /sqlite/.test(name))));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }),
  );
}

it('node:sqlite is loaded for a store on a file, and for no other', () => {
  expect(loadedFor(':memory:')).toContain('NativeModule sqlite');
  expect(loadedFor('')).toEqual([]);
});
