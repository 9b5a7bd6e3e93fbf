/** A client that polls one node while the clock is advanced on another. */
import { describe, expect, it } from 'vitest';
import { suiteRedis } from '../../suite-redis.ts';
import { startNode } from './two-nodes.ts';

const redis = suiteRedis();

interface Polled {
  readonly t: { readonly t: string };
  readonly m: readonly { readonly d: { readonly action: string; readonly uuid: string } }[];
}

describe('a poll that another node holds', () => {
  it('hears the same, in one order, of one advance of n as of n advances', async () => {
    const [a, b] = await Promise.all([startNode(redis, {}, {}), startNode(redis, {}, {})]);
    const hear = async (key: string, seconds: readonly number[]): Promise<readonly string[]> => {
      const tenant = `presence/${key}`;
      await a.operator('POST', '/clock', { tenant, freeze: true });
      const poll = async (tt: string): Promise<Polled> =>
        (
          await fetch(`${b.url}/v2/subscribe/${key}/lobby-pnpres/0?uuid=eve&tt=${tt}`)
        ).json() as Promise<Polled>;
      let { t } = (await poll('0')).t;
      const heard: string[] = [];
      const listening = (async () => {
        while (heard.length < 4) {
          const polled = await poll(t);
          t = polled.t.t;
          heard.push(...polled.m.map(({ d }) => `${d.action} ${d.uuid}`));
        }
      })();
      for (const [uuid, ttl] of Object.entries({ ann: 60, bob: 120 }))
        await fetch(
          `${a.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=${ttl}`,
        );
      for (const each of seconds) await a.operator('POST', '/clock', { tenant, advance: `${each}s` });
      await listening;
      return heard;
    };
    const expected = ['join ann', 'join bob', 'timeout ann', 'timeout bob'];
    expect(await hear('one', [130])).toEqual(expected);
    expect(
      await hear(
        'many',
        Array.from({ length: 13 }, () => 10),
      ),
    ).toEqual(expected);
    await Promise.all([a.close(), b.close()]);
  });
});
