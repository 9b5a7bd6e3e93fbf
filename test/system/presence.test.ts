/** Subscribers of whole processes: a server that is killed, and several that share a Redis. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../redis-server.ts';
import { killAll, type Running, serve } from './serve.ts';

afterEach(killAll);

const key = 'sub-c-demo';
/** Asks again as an SDK does while the store is away. */
const get = async ({ url }: Running, path: string): Promise<unknown> => {
  for (;;) {
    const answer = await fetch(`${url}${path}`);
    if (answer.status === 200) return answer.json();
    expect(answer.status).toBe(503);
    await answer.arrayBuffer();
  }
};
interface Heard {
  readonly t: { readonly t: string };
  readonly m: readonly { readonly c: string; readonly d: unknown }[];
}
const subscribe = (node: Running, query: string): Promise<Heard> =>
  get(node, `/v2/subscribe/${key}/room,room-pnpres/0?${query}`) as Promise<Heard>;
const publish = (node: Running, message: string): Promise<unknown> =>
  get(node, `/publish/pub/${key}/0/room/0/%22${message}%22`);
const payloads = ({ m }: Heard): unknown[] =>
  m.map(({ d }) => (typeof d === 'object' ? (d as { action: string; uuid: string }) : d));

describe('what was published survives a kill, and so does who is there', () => {
  let redis: RedisServer;
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

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
    const heard: unknown[] = [];
    for (let tt = t.t; heard.length < 3; ) {
      const answer = await subscribe(after, `tt=${tt}`);
      heard.push(...payloads(answer));
      tt = answer.t.t;
    }
    // One join: who subscribes again in time was never away.
    expect(heard).toMatchObject([{ action: 'join', uuid: 'ann' }, 'one', 'two']);
  });

  it('a poll held on one node hears what happens on another, also after Redis was away', async () => {
    const [one, two] = await Promise.all([
      serve(['--redis-url', redis.url]),
      serve(['--redis-url', redis.url]),
    ]);
    let { t } = await subscribe(one, '');
    const held = subscribe(one, `tt=${t.t}`);
    await publish(two, 'across');
    const heard = await held;
    expect(payloads(heard)).toEqual(['across']);
    ({ t } = heard);

    const through = subscribe(one, `tt=${t.t}`);
    await redis.kill();
    const refused = await fetch(`${two.url}/publish/pub/${key}/0/room/0/1`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ status: 503, message: 'Service Unavailable' });
    await redis.start();
    await publish(two, 'again');
    expect(payloads(await through)).toEqual(['again']);
    await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')]);
  });
});
