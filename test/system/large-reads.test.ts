/** Reads that are far larger than one reply: bounded in bytes, complete in the end, and no burden for other clients. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { suiteRedis } from '../suite-redis.ts';

const channels = Array.from({ length: 60 }, (_, at) => `ch${at}`);
const rounds = 10;

const redis = suiteRedis();
let started: StartedApp;
beforeAll(async () => {
  started = await startApp({}, { store: await redis.openStore({ timeoutMs: 10_000 }) });
  for (let round = 0; round < rounds; round += 1) {
    const payload = JSON.stringify(`${round} `.padEnd(32_000, 'x'));
    await Promise.all(
      channels.map((channel) =>
        started.app.inject({ method: 'POST', url: `/publish/p/big/0/${channel}/0`, payload }),
      ),
    );
  }
});
afterAll(() => started.close());

it('a subscribe over many channels with large backlogs is answered in parts, each of a bounded size, and loses nothing', async () => {
  const sentBytes = async (): Promise<number> =>
    Number(/total_net_output_bytes:(\d+)/.exec(await redis.client.info('stats'))?.[1]);
  const received: string[] = [];
  let timetoken = '1';
  while (received.length < channels.length * rounds) {
    const before = await sentBytes();
    const reply = await fetch(`${started.url}/v2/subscribe/big/${channels.join(',')}/0?tt=${timetoken}`);
    expect(reply.status).toBe(200);
    const { t, m } = (await reply.json()) as { t: { t: string }; m: { c: string; d: string }[] };
    // 6 MB of messages, what a shorter read found first, and the rest of the protocol.
    expect((await sentBytes()) - before).toBeLessThan(9 * 1_048_576);
    expect(BigInt(t.t)).toBeGreaterThan(BigInt(timetoken));
    timetoken = t.t;
    received.push(...m.map(({ c, d }) => `${d.split(' ')[0]} ${c}`));
  }
  const expected = channels.flatMap((channel) =>
    Array.from({ length: rounds }, (_, at) => `${at} ${channel}`),
  );
  expect(received.toSorted()).toEqual(expected.toSorted());
});

it('other clients are served while many read large backlogs', async () => {
  const readers = Array.from({ length: 8 }, (_, at) =>
    fetch(`${started.url}/v2/subscribe/big/${channels.join(',')}/0?tt=${at + 1}`).then((reply) =>
      reply.text(),
    ),
  );
  const others = Array.from({ length: 60 }, async (_, at) => {
    const reply = await fetch(`${started.url}/v2/presence/sub-key/big/channel/lobby/heartbeat?uuid=u${at}`);
    return reply.status;
  });
  expect(new Set(await Promise.all(others))).toEqual(new Set([200]));
  await Promise.all(readers);
});

it('message counts of many channels with large backlogs are complete', async () => {
  const reply = await fetch(
    `${started.url}/v3/history/sub-key/big/message-counts/${channels.join(',')}?timetoken=1`,
  );
  expect(((await reply.json()) as { channels: object }).channels).toEqual(
    Object.fromEntries(channels.map((channel) => [channel, rounds])),
  );
});
