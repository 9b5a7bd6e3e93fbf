/** How the console looks in a real Chromium: accessibility in both themes, two widths, and many rows. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { beat, hb, heartbeat, makeGroup, open, page, reopenPage, sls, useConsole } from './console-page.ts';

useConsole();

const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

const views = [
  'overview',
  'sls',
  'pbx',
  'presence',
  'requests',
  'faults',
  'settings',
  'reference?find=clock',
];

/** Violations of accessibility rules, as one line each. */
async function violations(): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}

it.each(['light', 'dark'] as const)(
  'has no violation of accessibility rules in the %s theme',
  async (theme) => {
    await reopenPage({ theme });
    await makeGroup();
    await heartbeat('c1', []);
    await heartbeat('c2', []);
    await beat('lobby', 'ann');
    await sls('/logstores/logs/consumergroups/none?type=heartbeat&consumer=c1', []);
    await hb.faults.add({ match: { holder: 'zoe' }, do: { drop: 'after' } });
    const found: Record<string, readonly string[]> = {};
    for (const view of views) {
      await open(view);
      await page.locator('main section').first().waitFor();
      const problems = await violations();
      if (problems.length > 0) found[view] = problems;
    }
    expect(found).toEqual({});
  },
);

it('fits a telephone: nothing but tables scrolls sideways', async () => {
  await reopenPage({ width: 390 });
  await makeGroup();
  await heartbeat('c1', []);
  await heartbeat('a-consumer-whose-name-is-very-much-longer-than-any-name-has-to-be', []);
  await beat('lobby', 'a-name-that-is-very-much-longer-than-any-name-has-to-be');
  for (const view of views) {
    await open(view);
    await page.locator('main section').first().waitFor();
    const [content, width] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect([view, content]).toEqual([view, width]);
  }
});

it('shows the first thousand of 10 000 leases with a few dozen rows', async () => {
  const uuids = Array.from({ length: 10_000 }, (_, n) => `user-${n}`);
  for (let at = 0; at < uuids.length; at += 500)
    await Promise.all(
      uuids.slice(at, at + 500).map((holder) =>
        hb.store.beat({
          tenant: 'presence/demo',
          holder,
          groups: [{ group: 'lobby' }],
          ttlMs: 300_000,
          grant: true,
        }),
      ),
    );
  await open('presence');
  await page.getByRole('cell', { name: 'user-0', exact: true }).waitFor();
  expect(await page.locator('tbody tr').count()).toBeLessThan(150);
  await page.getByRole('region', { name: 'Occupants of lobby' }).evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await page.getByRole('cell', { name: 'user-999', exact: true }).waitFor();
});
