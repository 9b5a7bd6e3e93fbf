/** For any history of a channel, on any node: the events that subscribers receive add up to what here now returns. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { suiteRedis } from '../../../suite-redis.ts';

interface Act {
  readonly kind: 'heartbeat' | 'leave' | 'handshake' | 'state' | 'wait' | 'group';
  readonly who: number;
  readonly node: number;
  readonly channels: string;
  readonly seconds: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(
    'heartbeat',
    'heartbeat',
    'heartbeat',
    'leave',
    'handshake',
    'state',
    'wait',
    'wait',
    'group',
  ),
  who: fc.integer({ min: 0, max: 3 }),
  node: fc.integer({ min: 0, max: 1 }),
  channels: fc.constantFrom('a', 'b', 'a,b', 'r.x'),
  seconds: fc.integer({ min: 1, max: 12 }),
});

interface Envelope {
  readonly c: string;
  readonly p: { readonly t: string };
  readonly d: { readonly action: string; readonly uuid: string; readonly occupancy: number } | string;
}

/** Returns the occupants of each channel by its events, checked step by step against the occupancy of each event. */
function replay(received: readonly Envelope[]): Map<string, Set<string>> {
  const channels = new Map<string, Set<string>>();
  let last = 0n;
  for (const { c, p, d } of received) {
    expect(BigInt(p.t) > last).toBe(true);
    last = BigInt(p.t);
    if (typeof d === 'string') continue;
    const present = channels.get(c) ?? new Set();
    channels.set(c, present);
    const wasThere = present.has(d.uuid);
    if (d.action === 'join') {
      expect(wasThere).toBe(false);
      present.add(d.uuid);
    } else if (d.action !== 'state-change') {
      expect(wasThere).toBe(true);
      present.delete(d.uuid);
    }
    expect(d.occupancy).toBe(present.size);
  }
  return channels;
}

let histories = 0;

async function live(nodes: readonly StartedApp[], acts: readonly Act[]): Promise<void> {
  histories += 1;
  const key = `sub-c-${histories}`;
  const root = `/v2/presence/sub-key/${key}`;
  const request = async (node: number, url: string): Promise<unknown> => {
    const app = nodes[node % nodes.length]?.app;
    const reply = await app?.inject(url);
    expect(reply?.statusCode).toBe(200);
    return JSON.parse(reply?.body ?? '');
  };
  const subscribed = 'a-pnpres,b-pnpres,r.*-pnpres,mark';
  const begin = (await request(0, `/v2/subscribe/${key}/${subscribed}/0`)) as { t: { t: string } };
  for (const { kind, who, node, channels, seconds } of acts) {
    const uuid = `uuid=u${who}`;
    if (kind === 'heartbeat')
      await request(node, `${root}/channel/${channels}/heartbeat?${uuid}&heartbeat=${seconds}`);
    if (kind === 'leave') await request(node, `${root}/channel/${channels}/leave?${uuid}`);
    if (kind === 'handshake')
      await request(node, `/v2/subscribe/${key}/${channels}/0?${uuid}&heartbeat=${seconds}`);
    if (kind === 'group') {
      await request(node, `/v1/channel-registration/sub-key/${key}/channel-group/g?add=${channels}`);
      await request(node, `${root}/channel/,/heartbeat?${uuid}&channel-group=g&heartbeat=${seconds}`);
    }
    if (kind === 'state')
      await request(node, `${root}/channel/${channels}/uuid/u${who}/data?state=%7B%22n%22%3A${seconds}%7D`);
    if (kind === 'wait') await nodes[node % nodes.length]?.store.advanceClock(seconds * 1_000);
  }
  await request(1, `/publish/p/${key}/0/mark/0/%22end%22`);
  const received: Envelope[] = [];
  for (let tt = begin.t.t; received.at(-1)?.c !== 'mark'; ) {
    const reply = (await request(received.length, `/v2/subscribe/${key}/${subscribed}/0?tt=${tt}&tr=1`)) as {
      t: { t: string };
      m: Envelope[];
    };
    received.push(...reply.m);
    tt = reply.t.t;
  }
  const known = replay(received);
  for (const channel of ['a', 'b', 'r.x']) {
    const here = (await request(0, `${root}/channel/${channel}`)) as { uuids: string[]; occupancy: number };
    expect([...(known.get(`${channel}-pnpres`) ?? [])].sort()).toEqual([...here.uuids].sort());
    expect(here.occupancy).toBe(here.uuids.length);
    for (const uuid of here.uuids) {
      const { payload } = (await request(1, `${root}/uuid/${uuid}`)) as { payload: { channels: string[] } };
      expect(payload.channels).toContain(channel);
    }
  }
}

const numRuns = Number(process.env.HISTORIES ?? 60);
const anyHistory = (nodes: readonly StartedApp[], runs: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), (acts) => live(nodes, acts)),
    { numRuns: runs },
  );

describe('the events that subscribers receive add up to what here now returns', () => {
  it('over the embedded store', async () => {
    const started = await startApp({}, { store: createStore(openEmbeddedDriver()) });
    await started.store.freezeClock();
    await anyHistory([started], numRuns);
    await started.close();
  });

  describe('over Redis', () => {
    const redis = suiteRedis();
    const nodes: StartedApp[] = [];
    beforeAll(async () => {
      for (let at = 0; at < 2; at += 1) {
        nodes.push(await startApp({}, { store: await redis.openStore({ partitions: 2 }) }));
      }
      await nodes[0]?.store.freezeClock();
    });
    afterAll(async () => {
      for (const node of nodes) await node.close();
    });

    it('from two nodes', () => anyHistory(nodes, Math.ceil(numRuns / 2)));
  });
});
