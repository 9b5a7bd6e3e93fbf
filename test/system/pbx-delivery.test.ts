/** Reports of whole processes: a server that is killed, and several that share a Redis. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ok, type Receiver, startReceiver } from '../protocols/pbx/receiver.ts';
import { startRedis } from '../redis-server.ts';
import { suiteRedis } from '../suite-redis.ts';
import { killAll, type Running, serve } from './serve.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  killAll();
  await receiver.close();
});

const post = async ({ url }: Running, path: string, body: unknown) => {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
};
const login = (node: Running, username = 'api', url = username) =>
  post(node, '/api/v1.1.0/login', { username, password: 'x', port: receiver.port, url });
const sms = (node: Running, smsid: string) =>
  post(node, '/_heartbeatd/pbx/events', { report: 'SmsSend', status: 'Success', smsid });
const clock = (node: Running, change: object) => post(node, '/_heartbeatd/clock', change);
const ids = (): string[] => receiver.bodies().map((body) => JSON.parse(body).smsid);
const waiting = async ({ url }: Running): Promise<number[]> => {
  const answer = await fetch(`${url}/_heartbeatd/pbx/deliveries`);
  const { deliveries } = (await answer.json()) as { deliveries: { waiting: number }[] };
  return deliveries.map((delivery) => delivery.waiting);
};

describe('reports', () => {
  let folder: string;
  const redis = suiteRedis({ appendOnly: true });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a file', () => ['--data', join(folder, 'reports.db')]],
    ['Redis', () => ['--redis-url', redis.url]],
  ])(
    'are not lost when the server is killed between sending one and its answer, on %s',
    async (_what, args) => {
      const first = await serve(args());
      await login(first);
      let answers = true;
      receiver.answer = () => (answers ? ok : undefined);
      await sms(first, '1');
      await receiver.arrived(1);
      await expect.poll(() => waiting(first)).toEqual([0]);
      answers = false;
      await Promise.all([sms(first, '2').then(() => sms(first, '3')), receiver.arrived(2)]);
      await first.kill('SIGKILL');
      answers = true;
      const second = await serve(args());
      await receiver.arrived(4);
      await expect.poll(() => waiting(second)).toEqual([0]);
      expect(ids()).toEqual(['1', '2', '2', '3']);
      await clock(second, { advanceMs: 30 * 60_000 });
      await second.kill('SIGTERM');
    },
  );

  it('are sent by one of two nodes, never twice, and by the other when that one is killed', async () => {
    const nodes = await Promise.all([serve(['--redis-url', redis.url]), serve(['--redis-url', redis.url])]);
    const users = Array.from({ length: 10 }, (_, at) => `user${at}`);
    const [one, two] = nodes;
    const of = (at: number): Running => (at % 2 === 0 ? one : two);
    await Promise.all(users.map((user, at) => login(of(at), user)));
    for (let at = 0; at < 50; at += 1) await sms(of(at), String(at));
    await receiver.arrived(500);
    await expect.poll(async () => (await waiting(one)).every((count) => count === 0)).toBe(true);
    expect(receiver.received).toHaveLength(500);
    for (const user of users) {
      const got = receiver.received.filter(({ path }) => path === `/${user}`);
      expect(got.map(({ body }) => JSON.parse(body).smsid)).toEqual(
        Array.from({ length: 50 }, (_, at) => String(at)),
      );
    }
    await one.kill('SIGKILL');
    await sms(two, 'after');
    await receiver.arrived(510);
    expect(ids().slice(500)).toEqual(users.map(() => 'after'));
    await clock(two, { advanceMs: 30 * 60_000 });
    await two.kill('SIGTERM');
  });

  it('continue without help after an outage of Redis', async () => {
    // On disk before it is acknowledged: this test is not about data that a killed Redis loses.
    const away = await startRedis({ extra: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    try {
      const node = await serve(['--redis-url', away.url, '--store-timeout-ms', '5000']);
      expect(await login(node)).toMatchObject({ status: 'Success' });
      let answers = false;
      receiver.answer = () => (answers ? ok : 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
      await sms(node, '1');
      await sms(node, '2');
      await receiver.arrived(1);
      await expect.poll(() => waiting(node)).toEqual([2]);
      await away.kill();
      expect(await sms(node, 'lost')).toMatchObject({ error: expect.stringContaining('store unavailable') });
      answers = true;
      await away.start();
      await receiver.arrived(2);
      const reported = async (): Promise<boolean> => (await sms(node, '3')).queued === 1;
      await expect.poll(reported).toBe(true);
      await expect.poll(ids).toContain('3');
      expect([...new Set(ids())]).toEqual(['1', '2', '3']);
      await node.kill('SIGTERM');
    } finally {
      await away.stop();
    }
  });

  it('arrive in order, from either node, at an application that returns after ten minutes', async () => {
    const nodes = await Promise.all([serve(['--redis-url', redis.url]), serve(['--redis-url', redis.url])]);
    const [one, two] = nodes;
    const { token } = await login(one);
    const { port } = receiver;
    await receiver.close();
    for (let minute = 0; minute < 10; minute += 1) {
      await sms(minute % 2 === 0 ? one : two, String(minute));
      await clock(minute % 2 === 0 ? two : one, { advanceMs: 60_000 });
    }
    receiver = await startReceiver(port);
    const arrivedLater = async (): Promise<number> => {
      await post(two, `/api/v1.1.0/heartbeat?token=${token}`, {});
      await clock(two, { advanceMs: 36_000 });
      return new Set(ids()).size;
    };
    await expect.poll(arrivedLater, { interval: 200 }).toBe(10);
    await expect.poll(() => waiting(one)).toEqual([0]);
    // A node that the machine gives no time for three seconds loses its claim, and the other repeats the last report.
    const inOrder = ids().filter((id, at, all) => id !== all[at - 1]);
    expect(inOrder).toEqual(Array.from({ length: 10 }, (_, minute) => String(minute)));
    for (const node of nodes) await node.kill('SIGTERM');
  });
});
