/** Subscribers of whole processes: a server that is killed, and several that share a Redis. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { suiteRedis } from '../suite-redis.ts';
import { killAll, type Running, serve } from './serve.ts';

afterEach(killAll);

const key = 'sub-c-demo';
/** Repeats a request as an SDK does while the store is unavailable. */
const get = async ({ url }: Running, path: string): Promise<unknown> => {
  for (;;) {
    const reply = await fetch(`${url}${path}`);
    if (reply.status === 200) return reply.json();
    expect(reply.status).toBe(503);
    await reply.arrayBuffer();
  }
};
interface PollReply {
  readonly t: { readonly t: string };
  readonly m: readonly { readonly c: string; readonly d: unknown }[];
}
const subscribe = (node: Running, query: string): Promise<PollReply> =>
  get(node, `/v2/subscribe/${key}/room,room-pnpres/0?${query}`) as Promise<PollReply>;
const publish = (node: Running, message: string): Promise<unknown> =>
  get(node, `/publish/pub/${key}/0/room/0/%22${message}%22`);
const payloads = ({ m }: PollReply): unknown[] =>
  m.map(({ d }) => (typeof d === 'object' ? (d as { action: string; uuid: string }) : d));

describe('published messages and occupants survive a kill', () => {
  const redis = suiteRedis({ appendOnly: true });
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['on a file', () => ['--data', join(folder, 'store.db')]],
    ['on Redis', () => ['--redis-url', redis.url]],
  ])('%s', async (_, args) => {
    const before = await serve(args());
    const { t } = await subscribe(before, 'uuid=ann&heartbeat=300');
    await publish(before, 'one');
    await before.kill('SIGKILL');
    const after = await serve(args());
    await subscribe(after, 'uuid=ann&heartbeat=300');
    await publish(after, 'two');
    const received: unknown[] = [];
    for (let tt = t.t; received.length < 3; ) {
      const reply = await subscribe(after, `tt=${tt}`);
      received.push(...payloads(reply));
      tt = reply.t.t;
    }
    // One join: a uuid that subscribes again in time was never absent.
    expect(received).toMatchObject([{ action: 'join', uuid: 'ann' }, 'one', 'two']);
  });

  it('a poll held on one node receives the events of another, also after Redis was unavailable', async () => {
    const [one, two] = await Promise.all([
      serve(['--redis-url', redis.url]),
      serve(['--redis-url', redis.url]),
    ]);
    let { t } = await subscribe(one, '');
    const held = subscribe(one, `tt=${t.t}`);
    await publish(two, 'across');
    const received = await held;
    expect(payloads(received)).toEqual(['across']);
    ({ t } = received);

    const through = subscribe(one, `tt=${t.t}`);
    await redis.server.kill();
    const refused = await fetch(`${two.url}/publish/pub/${key}/0/room/0/1`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ status: 503, message: 'Service Unavailable' });
    await redis.server.start();
    await publish(two, 'again');
    expect(payloads(await through)).toEqual(['again']);
    await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')]);
  });
});
