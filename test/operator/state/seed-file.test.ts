/** Seed files, and the state that is exported at exit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StateDocument } from '../../../src/index.ts';
import { startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { refusal, seed, stateFixture, tenant } from './seeded.ts';

const fixture = stateFixture();
const { start, enter, uuids } = fixture;

describe('a seed file', () => {
  it('is what an earlier server exported, and tenants that hold something are left alone', async () => {
    const file = join(fixture.folder, 'state.json');
    const settings = { exportOnExit: file, data: join(fixture.folder, 'data.db') };
    await start({ seed, settings });
    await enter('bob');
    await fixture.hb.close();
    const exported = JSON.parse(readFileSync(file, 'utf8')) as StateDocument;
    expect(Object.keys(exported.tenants[tenant]?.leases?.lobby ?? {})).toEqual(['alice', 'bob']);
    await start({ settings: { seed: file } });
    expect((await uuids()).toSorted()).toEqual(['alice', 'bob']);
    await fixture.hb.close();
    await start({ seed, settings });
    expect((await uuids()).toSorted()).toEqual(['alice', 'bob']);
  });

  it('may be a module; one that cannot be loaded is named', async () => {
    const file = join(fixture.folder, 'seed.mjs');
    writeFileSync(file, `export default ${JSON.stringify(seed)};`);
    await start({ settings: { seed: file } });
    expect(await uuids()).toEqual(['alice']);
    writeFileSync(join(fixture.folder, 'none.mjs'), 'export const other = 1;');
    writeFileSync(join(fixture.folder, 'bad.json'), '{');
    for (const name of ['none.mjs', 'bad.json', 'missing.json'])
      expect(await refusal(startHeartbeatd({ settings: { seed: join(fixture.folder, name) } }))).toMatch(
        `SEED: ${join(fixture.folder, name)}: `,
      );
  });
});
