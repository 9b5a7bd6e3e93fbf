import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { detach } from '../../../src/store/embedded/detach.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it.each([
  '',
  'short',
  'a longer name of a holder',
  'ünïcödé 你好 and more',
  `lone \ud800 surrogate ${'x'.repeat(20)}`,
])('the text %j stays the same', (text) => {
  expect(detach(text)).toBe(text);
});

it('a lease does not keep the target of the request that granted it in memory', async () => {
  const driver = openEmbeddedDriver();
  const targetLength = 20_000;
  const leases = 1_000;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < leases; at += 1) {
    const target = Buffer.alloc(
      targetLength,
      `/holder-${at}-of-a-request/group-${at}-of-a-request/`,
    ).toString('latin1');
    const [, holder = '', group = ''] = target.split('/', 3);
    const input = { tenant: 'test/t', holder, groups: [{ group, data: target.slice(0, 20) }], grant: true };
    await driver.execute(0, [{ name: 'beat', input }]);
  }
  collect();
  const kept = process.memoryUsage().heapUsed - before;
  expect(kept).toBeLessThan((leases * targetLength) / 4);
  await driver.close();
});
