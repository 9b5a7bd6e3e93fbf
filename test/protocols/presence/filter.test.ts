import { describe, expect, it } from 'vitest';
import { FilterError, parseFilter } from '../../../src/protocols/presence/subscribe/filter.ts';

const meta = { region: 'east', n: 5, tags: ['a', 'b'], nested: { 'odd key': 1, x: true }, empty: '' };
const data = { text: 'Hello World', list: [1, 2, 3], user: { name: 'ann' } };
const holds = (expression: string): boolean => parseFilter(expression)({ meta, data: () => data });

describe('a filter expression', () => {
  it.each([
    "region == 'east'",
    'region == "east"',
    "meta.region == 'east'",
    "region != 'west'",
    'n > 4 && n <= 5',
    'n % 2 == 1',
    'n + 1 * 2 == 7',
    '(n + 1) * 2 == 12',
    '-n < 0',
    '(n & 4) == 4',
    '(n | 2) == 7',
    '(n ^ 1) == 4',
    '~n == -6',
    '-~n == 6',
    '~-n == 4',
    "region == 'west' || n == 5",
    "!(region == 'west')",
    'nested.x',
    "nested['odd key'] == 1",
    "tags contains 'a'",
    "('east', 'west') contains region",
    "region contains 'as'",
    "data.text like 'hello*'",
    "data.text LIKE '*o w*d'",
    "tags like 'B'",
    'data.list[1] == 2',
    "data.user.name == 'ann'",
    "data['user'].name == 'ann'",
    'nested.x == true',
    'missing != 1',
    "'it\\'s' == 'it\\'s'",
    'data.list contains 3',
    "'a' + 'b' == 'ab'",
  ])('%s holds', (expression) => expect(holds(expression)).toBe(true));

  it.each([
    "region == 'west'",
    'missing',
    'missing == missing',
    'missing > 1',
    "n == '5'",
    "n > 'a'",
    'empty',
    'data.nothing.deeper',
    "data.text like 'hello'",
    '!n',
    'constructor',
    "nested['__proto__']",
    'n / 0 == n',
    'false',
  ])('%s does not', (expression) => expect(holds(expression)).toBe(false));

  it.each([
    '',
    '(',
    'a ==',
    'a b',
    "'open",
    'a && ',
    '#',
    'a[1',
    'a.',
    `${'('.repeat(200)}a${')'.repeat(200)}`,
    'a'.repeat(9_000),
  ])('%j is none', (expression) => expect(() => parseFilter(expression)).toThrow(FilterError));

  it.each(['data[key]', 'data.deep[key] == 1', "data.deep like 'a*'", 'data.deep contains 1', '-data.key'])(
    '%s does not hold of what has no text, or no end, and does not fail',
    (expression) => {
      const published = JSON.parse(
        `{"key":{"toString":1,"valueOf":1},"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      );
      const filter = parseFilter(expression.replace('[key]', '[meta.key]'));
      expect(filter({ meta: published, data: () => published })).toBe(false);
    },
  );

  it('is tried in time that does not explode with its pattern', () => {
    const filter = parseFilter(`data.text like '${'*a'.repeat(500)}b'`);
    expect(filter({ meta: {}, data: () => ({ text: 'a'.repeat(30_000) }) })).toBe(false);
  });
});
