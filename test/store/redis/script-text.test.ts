import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as limits from '../../../src/store/limits.ts';
import { scriptNames, scriptText } from '../../../src/store/redis/script-text.ts';

const source = (file: string): string =>
  readFileSync(new URL(`../../../src/store/redis/lua/${file}.lua`, import.meta.url), 'utf8');
const withoutComments = (text: string): string => text.replaceAll(/^\s*--.*$/gm, '');

describe('the text of each script', () => {
  it.each(scriptNames)('%s has values in place of constants, and every fragment once', (name) => {
    const code = withoutComments(scriptText(name));
    for (const constant of Object.keys(limits)) expect(code).not.toMatch(new RegExp(`\\b${constant}\\b`));
    // What may be left in upper case are the globals of Redis; commands are texts.
    const upperCase = code.replaceAll(/'[^']*'/g, '').match(/\b[A-Z][A-Z_]+\b/g) ?? [];
    expect(upperCase.filter((word) => word !== 'KEYS' && word !== 'ARGV')).toEqual([]);
    const functions = code.match(/^local function \w+/gm) ?? [];
    expect(functions).toEqual([...new Set(functions)]);
  });

  it('has the maximum step of the lease clock that TypeScript has', () => {
    expect(scriptText('clock')).toContain(`(elapsed, ${limits.maxClockStepMs})`);
  });
});

it('keys of different kinds never have the same name', () => {
  const declarations = [...source('shared/keys').matchAll(/^local ([A-Z_]+) = '(.+?)'/gm)];
  const values = declarations.map(([, , value]) => value);
  expect(values.length).toBeGreaterThan(10);
  expect(values).toEqual([...new Set(values)]);
});
