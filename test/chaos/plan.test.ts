import { expect, it } from 'vitest';
import { readOptions } from './options.ts';
import { planFaults } from './plan.ts';

const names = ['kill', 'stop', 'cut'];

it('the same seed plans the same faults, another one others', () => {
  const plan = (seed: string) => planFaults({ seed, store: 'redis', names, count: 30 });
  expect(plan('1')).toEqual(plan('1'));
  expect(plan('1')).not.toEqual(plan('2'));
});

it('each fault is planned once before any is planned again', () => {
  const planned = planFaults({ seed: '1', store: 'redis', names, count: 30 }).map(({ name }) => name);
  for (let at = 0; at < planned.length; at += names.length)
    expect(planned.slice(at, at + names.length).sort()).toEqual([...names].sort());
});

it('options that make no sense are refused by name', () => {
  expect(readOptions(['--stores', 'file,redis', '--seed', '7'])).toMatchObject({
    stores: ['file', 'redis'],
    seed: '7',
    minutes: 3,
  });
  expect(() => readOptions(['--stores', 'files'])).toThrow('--stores: unknown store "files"');
  expect(() => readOptions(['--minutes', 'few'])).toThrow('--minutes: few is not a positive number');
});
