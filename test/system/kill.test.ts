/** What is there after a process was killed, and while Redis is away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { suiteRedis } from '../suite-redis.ts';
import { beat, occupants } from './lobby.ts';
import { killAll, serve } from './serve.ts';

afterEach(killAll);

describe('what was answered survives a kill', () => {
  let folder: string;
  const redis = suiteRedis({ appendOnly: true });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a file', () => ['--data', join(folder, 'store.db')]],
    ['Redis', () => ['--redis-url', redis.url]],
  ])('on %s', async (_what, args) => {
    const first = await serve(args());
    const operator = (body: object) =>
      fetch(`${first.url}/_heartbeatd/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await operator({ freeze: true });
    const login = await fetch(`${first.url}/api/v1.1.0/login`, {
      method: 'POST',
      body: '{"username":"api","password":"x"}',
    });
    const { token } = (await login.json()) as { token: string };
    await beat(first.url);
    await operator({ advanceMs: 60_000 });
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await serve(args());
    expect(await occupants(second.url)).toEqual(['ann']);
    const { leases } = (await (await fetch(`${second.url}/_heartbeatd/leases?protocol=presence`)).json()) as {
      leases: { remainingMs: number }[];
    };
    expect(leases[0]?.remainingMs).toBe(240_000);
    const answer = await fetch(`${second.url}/api/v1.1.0/heartbeat?token=${token}`, { method: 'POST' });
    expect(await answer.json()).toEqual({ status: 'Success' });
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it("two nodes over one Redis see the same, each expiry once, and answer without Redis in the vendors' own way", async () => {
    const [one, two] = await Promise.all([
      serve(['--redis-url', redis.url, '--store-timeout-ms', '300']),
      serve(['--redis-url', redis.url, '--store-timeout-ms', '300']),
    ]);
    for (let at = 0; at < 20; at += 1) {
      const { url } = at % 2 === 0 ? one : two;
      // A node that just started may be slower than its short timeout on a machine with much else to do.
      await expect.poll(async () => (await beat(url, `u${at}`)).status, { timeout: 10_000 }).toBe(200);
    }
    expect((await occupants(two.url)).filter((uuid) => uuid.startsWith('u'))).toHaveLength(20);
    const advance = await fetch(`${one.url}/_heartbeatd/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"advanceMs":300000}',
    });
    const { fired } = (await advance.json()) as { fired: { holder: string }[] };
    const holders = fired.map(({ holder }) => holder).filter((holder) => holder.startsWith('u'));
    expect(new Set(holders).size).toBe(20);
    expect(holders).toHaveLength(20);
    expect(await occupants(two.url)).toEqual([]);

    await redis.server.kill();
    const away = await beat(one.url);
    expect(away.status).toBe(503);
    expect(await away.json()).toMatchObject({ message: 'Service Unavailable', service: 'Presence' });
    expect((await fetch(`${one.url}/readyz`)).status).toBe(503);
    expect(await (await fetch(`${one.url}/api/v1.1.0/heartbeat?token=x`, { method: 'POST' })).json()).toEqual(
      { status: 'Failed', errno: '20010' },
    );
    await redis.server.start();
    for (const { url } of [one, two])
      await expect.poll(async () => (await beat(url)).status, { timeout: 10_000 }).toBe(200);
    for (const { child, ended } of [one, two]) {
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
  });
});
