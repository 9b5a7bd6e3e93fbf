/** Fault rules that are there from the start: from a file, a module, or the program. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';

const tenant = 'presence/demo';
const rules = [
  { match: { tenant, operation: 'Heartbeat' }, do: { status: 503 } },
  { id: 'own', match: { protocol: 'sls' }, do: { error: 'ServerBusy' } },
] as const;
let folder: string;
let hb: StartedHeartbeatd | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-faults-'));
});
afterEach(async () => {
  await hb?.close();
  hb = undefined;
  rmSync(folder, { recursive: true });
});

const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const start = async (options: Parameters<typeof startHeartbeatd>[0]): Promise<StartedHeartbeatd> => {
  hb = await startHeartbeatd(options);
  return hb;
};
const ids = async (of: StartedHeartbeatd) => (await of.faults.list()).map(({ id, fired }) => [id, fired]);
const beat = (of: StartedHeartbeatd) =>
  fetch(`${of.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=bob`);
const refusal = (options: Parameters<typeof startHeartbeatd>[0]): Promise<string> =>
  start(options).then(
    () => 'none',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('fault rules from the start', () => {
  it.each([
    ['faults.json', JSON.stringify(rules)],
    ['faults.mjs', `export default ${JSON.stringify(rules)};`],
  ])('are read from %s, and fire on the first request', async (name, text) => {
    const started = await start({ settings: { faults: written(name, text) } });
    expect((await beat(started)).status).toBe(503);
    expect((await beat(started)).status).toBe(200);
    expect(await ids(started)).toEqual([
      ['start-1', 1],
      ['own', 0],
    ]);
  });

  it('are there again, as new, after a reset to the seed, and are not after one to nothing', async () => {
    const started = await start({ faults: rules });
    await beat(started);
    await started.faults.add({ id: 'added', do: { status: 500 } });
    expect(await started.reset()).toMatchObject({ to: 'seed', removed: { faults: 3 } });
    expect(await ids(started)).toEqual([
      ['start-1', 0],
      ['own', 0],
    ]);
    await started.reset(undefined, 'empty');
    expect(await ids(started)).toEqual([]);
  });

  it('are there again for a tenant that is reset alone, and those of others stay as they are', async () => {
    const started = await start({ faults: rules });
    await beat(started);
    await started.operator.json('DELETE', '/faults/own');
    expect(await started.reset(tenant)).toMatchObject({ to: 'seed', removed: { faults: 1 } });
    expect(await ids(started)).toEqual([['start-1', 0]]);
  });

  it('are refused with the setting, the file and what is wrong', async () => {
    const file = (text: string) => refusal({ settings: { faults: written('f.json', text) } });
    expect(await file('{}')).toMatch(/^SettingError: FAULTS: .*f\.json: /);
    expect(await file('[{"do":{"delay":"1 s"}}]')).toContain('/0/do');
    expect(await file('no')).toContain('JSON');
    expect(await file('[{"do":{"error":"Sneeze"},"match":{"protocol":"sls"}}]')).toMatch(
      /^SettingError: FAULTS: start-1: .*Sneeze/,
    );
    expect(await refusal({ settings: { faults: join(folder, 'none.json') } })).toContain('ENOENT');
    expect(await refusal({ settings: { faults: written('f.mjs', 'export {};') } })).toContain(
      'default export',
    );
    expect(await refusal({ faults: [{ do: {} }, { doo: 1 }] as never })).toMatch(
      /^SettingError: faults: \/0/,
    );
  });

  it('stop the process with one line and 2 if they are wrong', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['src/main.ts', '--port', '0', '--faults', written('f.json', '[1]')],
      { encoding: 'utf8', env: { PATH: process.env.PATH } },
    );
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^heartbeatd: FAULTS: .*f\.json: \/0: .*\n$/),
    ]);
  });
});
