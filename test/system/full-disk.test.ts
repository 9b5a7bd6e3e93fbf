import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import { startApp } from '../start-app.ts';
import { killAll, launch } from './serve.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => {
  killAll();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

it('with a full disk a server answers reads, refuses joins that are absent afterwards, and /readyz is degraded', async () => {
  const store = createStore(openEmbeddedDriver({ path: join(folder, 'store.db') }));
  const app = await startApp({}, { store });
  const channel = `${app.url}/v2/presence/sub-key/demo/channel/lobby`;
  const occupancy = async (): Promise<unknown> => {
    const reply = await fetch(channel);
    return reply.status === 200 ? ((await reply.json()) as { occupancy: number }).occupancy : reply.status;
  };
  const joinLobby = async (uuid: string): Promise<number> =>
    (await fetch(`${channel}/heartbeat?uuid=${uuid}`)).status;
  const readiness = async (): Promise<unknown> =>
    ((await (await fetch(`${app.url}/readyz`)).json()) as { status: string }).status;

  expect(await joinLobby('ann')).toBe(200);
  const { run } = StatementSync.prototype;
  const full = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (
    this: StatementSync,
    ...values
  ) {
    if (this.sourceSQL === 'COMMIT') throw new Error('database or disk is full');
    return run.apply(this, values);
  });
  expect(await joinLobby('bob')).toBe(503);
  expect(await occupancy()).toBe(1);
  expect(await readiness()).toBe('degraded');
  full.mockRestore();
  await expect.poll(readiness).toBe('ready');
  expect(await occupancy()).toBe(1);
  expect(await joinLobby('cid')).toBe(200);
  expect(await occupancy()).toBe(2);
  await app.close();
});

it('a damaged file ends the server with one line that names DATA and the path', async () => {
  const path = join(folder, 'store.db');
  writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8_176, 0xee)]));
  const failed = launch(['--data', path, '--port', '0']);
  expect(await failed.ended).toBe(2);
  const [line, ...more] = failed.printed().trimEnd().split('\n');
  expect(more).toEqual([]);
  expect(line).toMatch(/^heartbeatd: DATA: /);
  expect(line).toContain(path);
});
