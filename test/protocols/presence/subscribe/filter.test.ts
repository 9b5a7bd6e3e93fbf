import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FilterError,
  FilterTooLarge,
  parseFilter,
} from '../../../../src/protocols/presence/subscribe/filter/filter.ts';
import { indexOfLinear } from '../../../../src/protocols/presence/subscribe/filter/values.ts';

const meta = {
  region: 'east',
  n: 5,
  tags: ['a', 'b'],
  nested: { 'odd key': 1, x: true },
  empty: '',
  temperature: '55',
  long: '1'.repeat(65),
};
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
    'temperature > 50',
    'temperature <= 55.0',
    '100 > temperature',
    "n >= '-5e0'",
  ])('%s holds', (expression) => expect(holds(expression)).toBe(true));

  it.each([
    "region == 'west'",
    'missing',
    'missing == missing',
    'missing > 1',
    "n == '5'",
    "n > 'a'",
    'temperature > 60',
    'region > 0',
    'empty < 1',
    'long > 0',
    "n < '0x10'",
    'empty',
    'data.nothing.deeper',
    "data.text like 'hello'",
    '!n',
    'constructor',
    "nested['__proto__']",
    'n / 0 == n',
    'false',
  ])('%s does not hold', (expression) => expect(holds(expression)).toBe(false));

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
  ])('%j is malformed or too large', (expression) =>
    expect(() => parseFilter(expression)).toThrow(FilterError),
  );

  it.each(['data[key]', 'data.deep[key] == 1', "data.deep like 'a*'", 'data.deep contains 1', '-data.key'])(
    '%s does not hold for values without a text or nested without end, and does not fail',
    (expression) => {
      const published = JSON.parse(
        `{"key":{"toString":1,"valueOf":1},"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      );
      const filter = parseFilter(expression.replace('[key]', '[meta.key]'));
      expect(filter({ meta: published, data: () => published })).toBe(false);
    },
  );

  it('is evaluated in linear time for any pattern', () => {
    const filter = parseFilter(`data.text like '${'*a'.repeat(500)}b'`);
    expect(filter({ meta: {}, data: () => ({ text: 'a'.repeat(30_000) }) })).toBe(false);
  });
});

describe('a large filter expression', () => {
  const terms = (count: number, term = 'data.a'): string =>
    Array.from({ length: count }, () => term).join('||');

  it('reads the payload once, however many terms look into it', () => {
    let reads = 0;
    const data = (): unknown => {
      reads += 1;
      return {};
    };
    expect(parseFilter(terms(512))({ meta, data })).toBe(false);
    expect(reads).toBe(1);
  });

  it.each([
    ['512 terms', terms(512), terms(513)],
    [
      '512 items of lists',
      `(${"'a',".repeat(511)}'b') contains 'a'`.replace("'a',", ''),
      `(${"'a',".repeat(511)}'b') contains 'a'`,
    ],
    ['512 steps of a path', `a${'[0]'.repeat(511)}`, `a${'[0]'.repeat(512)}`],
    ['8192 characters', `a${'.b'.repeat(4_095)}`, `a${'.b'.repeat(4_096)}`],
    ['64 levels', `${'('.repeat(64)}a${')'.repeat(64)}`, `${'('.repeat(65)}a${')'.repeat(65)}`],
  ])('is evaluated up to %s, and refused beyond', (_bound, largest, larger) => {
    expect(typeof holds(largest)).toBe('boolean');
    expect(() => parseFilter(larger)).toThrow(FilterTooLarge);
  });

  it('searches a large payload more than a hundred times, but not without bound', () => {
    const payload = { a: 'x'.repeat(32_000) };
    const searching = (count: number) => () =>
      parseFilter(terms(count, "data.a like'y'"))({ meta, data: () => payload });
    expect(searching(120)()).toBe(false);
    expect(searching(200)).toThrow(FilterTooLarge);
  });

  it('joins texts up to the size of a message', () => {
    const payload = { a: 'x'.repeat(16_384) };
    const joined = (expression: string) => parseFilter(expression)({ meta, data: () => payload });
    expect(joined("data.a + data.a contains 'xx'")).toBe(true);
    expect(joined("data.a + data.a + 'x' contains 'xx'")).toBe(false);
  });

  it('adds the cost of its evaluation to a total, in proportion to the characters it reads', () => {
    const total = { spent: 0 };
    const filter = parseFilter("data.a contains 'y' || data.a like '*y'");
    filter({ meta, data: () => ({ a: 'x'.repeat(10_000) }) }, total);
    expect(total.spent).toBeGreaterThan(20_000);
    expect(total.spent).toBeLessThan(21_000);
  });
});

describe('a search in linear time', () => {
  /** Texts on which a plain search backtracks. */
  const repetitive = fc
    .tuple(
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }),
      fc.nat(3_000),
      fc.constantFrom('', 'a', 'b', 'ab'),
    )
    .map(([unit, times, end]) => unit.repeat(times) + end);

  it('finds what a plain search finds', () => {
    fc.assert(
      fc.property(repetitive, repetitive, fc.nat(100), (text, part, from) => {
        expect(indexOfLinear(text, part, from)).toBe(text.indexOf(part, from));
      }),
    );
  });

  it('finds a long part at the end of a long text', () => {
    const part = `${'a'.repeat(8_000)}b${'a'.repeat(8_000)}`;
    expect(indexOfLinear('a'.repeat(10_000) + part, part, 0)).toBe(10_000);
    expect(indexOfLinear('a'.repeat(32_000), part, 0)).toBe(-1);
  });
});
