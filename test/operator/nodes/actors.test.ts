/** Actors over one Redis: each lives on the node that started it, and what it does is seen on all. */
import { describe, expect, it } from 'vitest';
import { type Node, startTwoNodes } from './two-nodes.ts';

let a: Node;
let b: Node;
const startThird = startTwoNodes(
  (first, second) => {
    [a, b] = [first, second];
  },
  { changes: { journal: 'on', slsAutoCreate: true }, options: {}, tidy: () => a.operator('POST', '/reset') },
);

const presence = 'presence/demo';
const start = async (node: Node, wanted: object): Promise<void> => {
  expect(await node.operator('POST', '/actors', wanted)).toMatchObject({ statusCode: 200 });
};
const actorsOn = async (node: Node): Promise<readonly unknown[]> =>
  ((await node.operator('GET', '/actors')).body as { actors: [] }).actors;
const holders = async (node: Node, tenant: string): Promise<readonly string[]> => {
  const { leases = [] } = (await node.operator('GET', `/leases?tenant=${encodeURIComponent(tenant)}`))
    .body as { leases?: { holder: string }[] };
  return leases.map(({ holder }) => holder).toSorted();
};

describe('an actor over Redis', () => {
  it('keeps its uuid on all nodes through an advance on the node that plays it, while leases beside it expire', async () => {
    await a.operator('POST', '/clock', { tenant: presence, freeze: true });
    await start(a, { tenant: presence, group: 'lobby', name: 'bob', timeout: 60 });
    await fetch(`${b.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60`);
    for (const node of [a, b]) expect(await holders(node, presence)).toEqual(['ann', 'bob']);
    expect((await a.operator('POST', '/clock', { tenant: presence, advance: '10m' })).body).toMatchObject({
      settled: true,
      fired: [{ holder: 'ann' }],
    });
    for (const node of [a, b]) expect(await holders(node, presence)).toEqual(['bob']);
  });

  it('makes as many beats in one advance of n as in n advances of 1', async () => {
    const beats: unknown[] = [];
    for (const steps of [[60], Array.from({ length: 60 }, () => 1)]) {
      await a.operator('POST', '/clock', { tenant: presence, freeze: true });
      await start(a, { id: 'bob', tenant: presence, group: 'lobby', name: 'bob', timeout: 30 });
      for (const seconds of steps)
        await a.operator('POST', '/clock', { tenant: presence, advance: `${seconds}s` });
      const { clients } = (await a.operator('GET', '/actors/bob')).body as { clients: { beats: number }[] };
      beats.push(clients[0]?.beats);
      await a.operator('POST', '/reset', { tenant: presence });
    }
    expect(beats).toEqual([7, 7]);
  });

  it('of the PBX receives the reports that another node delivers', async () => {
    const tenant = 'pbx/default';
    const ids: string[] = [];
    for (const node of [a, b]) {
      const { body } = await node.operator('POST', '/actors', { tenant, group: 'crm' });
      ids.push((body as { id: string }).id);
    }
    expect(new Set(ids).size).toBe(2);
    for (const node of [a, b])
      await node.operator('POST', '/pbx/events', {
        ...{ report: 'ExtensionStatus', extension: '1001', status: 'Ringing' },
      });
    for (const [at, node] of [a, b].entries())
      await expect
        .poll(async () => (await node.operator('GET', `/actors/${ids[at]}`)).body)
        .toMatchObject({ clients: [{ reports: 2, problem: null }] });
    expect((await a.operator('GET', '/pbx/dead-letters')).body).toMatchObject({ deadLetters: [] });
  });

  it('shares the shards of its group with a consumer that beats to another node', async () => {
    const tenant = 'sls/shop';
    await start(a, { tenant, group: 'store/cg', name: 'c2', timeout: 60 });
    const shards = (
      (await b.operator('GET', '/sls/shards?project=shop&logstore=store')).body as {
        shards: { id: number }[];
      }
    ).shards.map(({ id }) => id);
    const beat = async (held: readonly number[]): Promise<number[]> =>
      (
        await b.app.inject({
          method: 'POST',
          url: '/logstores/store/consumergroups/cg?type=heartbeat&consumer=c1',
          headers: { host: 'shop.cn-hangzhou.log.aliyuncs.com' },
          payload: JSON.stringify(held),
        })
      ).json();
    expect(await beat([])).toEqual([]);
    await a.operator('POST', '/clock', { tenant, advance: '40s' });
    await expect.poll(() => beat([])).toHaveLength(shards.length / 2);
  });

  it('keeps its uuid through an advance on another node, which another event there can end', async () => {
    await b.operator('POST', '/clock', { tenant: presence, freeze: true });
    await start(a, { tenant: presence, group: 'lobby', name: 'bob', timeout: 60 });
    await fetch(`${b.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60`);
    const moved = await b.operator('POST', '/clock', { tenant: presence, advance: '10m' });
    expect(moved.body).toMatchObject({ settled: true, fired: [{ holder: 'ann' }] });
    expect(await holders(b, presence)).toEqual(['bob']);
    const until = { type: 'request', holder: 'bob' };
    const ended = (await b.operator('POST', '/clock', { tenant: presence, advance: '10m', until })).body;
    expect((ended as { advancedMs: number }).advancedMs).toBeLessThanOrEqual(60_000);
  });

  it('is the only one of its id on all nodes, also if several are asked at once, until it ends', async () => {
    const wanted = { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' };
    const asked = [a, b, a, b, b, a].map((node) => node.operator('POST', '/actors', wanted));
    const replies = await Promise.all(asked);
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
    const [first] = await actorsOn(a);
    const [holder, second] = first === undefined ? [b, a] : [a, b];
    expect(await second.operator('POST', '/actors', wanted)).toMatchObject({
      statusCode: 409,
      body: { error: expect.stringMatching(/^there is an actor bob already, on node /) },
    });
    await holder.operator('DELETE', '/actors/bob');
    await start(second, wanted);
    await second.operator('POST', '/reset', { tenant: presence });
    await start(holder, wanted);
  });

  it('of a node that left frees its id', async () => {
    const third = await startThird({ journal: 'on' }, {});
    const wanted = { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' };
    await start(third, wanted);
    expect((await a.operator('POST', '/actors', wanted)).statusCode).toBe(409);
    await third.close();
    await start(a, wanted);
  });

  it('is listed and ended on its own node', async () => {
    await start(a, { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' });
    expect([await actorsOn(a), await actorsOn(b)]).toMatchObject([[{ id: 'bob' }], []]);
    expect((await b.operator('DELETE', '/actors/bob')).statusCode).toBe(404);
    await a.operator('DELETE', '/actors/bob');
    expect(await holders(b, presence)).toEqual([]);
  });

  it('ends with a reset of its tenant on any node, and its uuid does not come back', async () => {
    await start(a, { tenant: presence, group: 'lobby', name: 'bob' });
    await b.operator('POST', '/reset', { tenant: presence });
    expect(await actorsOn(a)).toEqual([]);
    await a.operator('POST', '/clock', { tenant: presence, advance: '10m' });
    for (const node of [a, b]) expect(await holders(node, presence)).toEqual([]);
  });
});
