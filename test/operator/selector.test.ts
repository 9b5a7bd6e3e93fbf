import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Duration, durationMs } from '../../src/operator/duration.ts';
import { differences, isSelected, matchesPattern } from '../../src/operator/selector/selector.ts';
import { validator } from '../../src/protocols/kit/validate.ts';

const heartbeat = {
  protocol: 'sls',
  tenant: 'sls/demo',
  group: 'logs/cg',
  holder: 'c1',
  operation: 'ConsumerGroupHeartBeat',
  status: 200,
  direction: 'in' as const,
  answered: true,
  body: () => ({ shards: [0, 1], name: 'x' }),
};

describe('a selector', () => {
  it.each([
    [{}, true],
    [{ protocol: 'sls' }, true],
    [{ protocol: 'pbx' }, false],
    [{ tenant: 'sls/*' }, true],
    [{ holder: 'c*', status: 200 }, true],
    [{ holder: 'c*', status: 400 }, false],
    [{ answered: false }, false],
    [{ body: { 'shards.1': 1 } }, true],
    [{ body: { 'shards.1': '1' } }, true],
    [{ body: { name: { matches: 'x*' } } }, true],
    [{ body: { other: { absent: true as const } } }, true],
    [{ body: { name: { absent: true as const } } }, false],
    [{ body: { 'name.length': 1 } }, false],
    [{ body: { '__proto__.x': 1 } }, false],
  ])('%j matches a heartbeat: %s', (selector, expected) => {
    expect(isSelected(heartbeat, selector)).toBe(expected);
    expect(differences(heartbeat, selector).length === 0).toBe(expected);
  });

  it('names each member that differs, with what is there', () => {
    expect(differences(heartbeat, { holder: 'c2', status: 200, body: { 'shards.0': 5 } })).toEqual([
      { path: 'holder', expected: 'c2', actual: 'c1' },
      { path: 'body.shards.0', expected: 5, actual: 0 },
    ]);
  });

  it('matches patterns as the regular expression of the same meaning does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (text, pattern) => {
        const plain = text.replaceAll('*', 'a');
        const meaning = new RegExp(`^${pattern.split('*').join('.*')}$`);
        expect(matchesPattern(plain, pattern)).toBe(meaning.test(plain));
      }),
    );
  });
});

describe('a duration', () => {
  const check = validator(Duration);
  it.each([
    [1_500, 1_500],
    ['1500ms', 1_500],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['12h', 43_200_000],
    ['2d', 172_800_000],
  ])('%j is %d ms', (given, ms) => {
    expect(durationMs(check(given, () => new Error()))).toBe(ms);
  });
  it.each(['', '5', '5 s', '-1s', '1w', 'NaNs'])('%j is none', (given) => {
    expect(() => check(given, () => new Error('none'))).toThrow('none');
  });
});
