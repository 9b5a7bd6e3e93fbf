/** Actors over one Redis: each lives on the node that started it, and what it does is seen on all. */
import { describe, expect, it } from 'vitest';
import { makeClaims } from '../../../src/operator/nodes/claims.ts';
import { makeRegister } from '../../../src/operator/nodes/register.ts';
import { serverSpace } from '../../../src/store/server-space.ts';
import { startRedis } from '../../redis-server.ts';
import { type Node, startNode, startTwoNodes } from './two-nodes.ts';

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
    const asked = [a, b, a, b, b, a];
    const replies = await Promise.all(asked.map((node) => node.operator('POST', '/actors', wanted)));
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
    const holder = asked[replies.findIndex(({ statusCode }) => statusCode === 200)] ?? a;
    const second = holder === a ? b : a;
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

  it('is listed, shown, changed and ended on every node, and names its own', async () => {
    await start(a, { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' });
    await start(b, { id: 'ann', tenant: presence, group: 'lobby', name: 'ann' });
    await start(b, { id: 'eve', tenant: 'presence/other', group: 'lobby', name: 'eve' });
    const whole = (await a.operator('GET', '/actors')).body;
    expect(whole).toMatchObject({ actors: ['bob', 'ann', 'eve'].map((id) => ({ id })), unseenNodes: [] });
    expect((await b.operator('GET', '/actors')).body).toEqual(whole);
    const [bob, ann, eve] = (whole as { actors: { node?: string }[] }).actors.map(({ node }) => node);
    expect([bob === ann, ann === eve, typeof bob]).toEqual([false, true, 'string']);
    expect((await a.operator('GET', '/actors?tenant=presence/other')).body).toMatchObject({
      actors: [{ id: 'eve' }],
    });
    const [here, there] = await Promise.all([a, b].map((node) => node.operator('GET', '/actors/bob')));
    expect(there).toEqual(here);
    expect(there).toMatchObject({ statusCode: 200, body: { node: bob, clients: [{ name: 'bob' }] } });
    expect(await b.operator('PATCH', '/actors/bob', { behaviour: 'flapping' })).toMatchObject({
      statusCode: 200,
      body: { behaviour: 'flapping', node: bob },
    });
    expect(await b.operator('DELETE', '/actors/bob')).toMatchObject({
      statusCode: 200,
      body: { id: 'bob', node: bob },
    });
    for (const node of [a, b]) {
      expect(await holders(node, presence)).toEqual(['ann']);
      expect(await node.operator('GET', '/actors/bob')).toEqual({
        statusCode: 404,
        body: { error: 'no actor bob' },
      });
    }
    expect((await a.operator('DELETE', '/actors')).body).toEqual({ count: 2, unseenNodes: [] });
    expect(await actorsOn(b)).toEqual([]);
  });

  it('is refused a change on another node in the words of its own', async () => {
    await start(a, { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' });
    const change = { behaviour: 'flaping' };
    const refused = await a.operator('PATCH', '/actors/bob', change);
    expect(refused.statusCode).toBe(400);
    expect(await b.operator('PATCH', '/actors/bob', change)).toEqual(refused);
    const large = await b.operator('PATCH', '/actors/bob', { state: { text: 'x'.repeat(100_000) } });
    expect([large.statusCode, large.body]).toEqual([
      413,
      { error: expect.stringMatching(/^too large to be passed to node .+, which has the actor bob$/) },
    ]);
  });

  it('is in one page of those of all nodes, which together have each once in the order of their start', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      ids.push(`n-${index}`);
      await start(index % 3 === 0 ? a : b, { id: `n-${index}`, tenant: presence, group: 'lobby' });
    }
    for (const [order, expected] of [
      ['oldest', ids],
      ['newest', ids.toReversed()],
    ] as const) {
      const seen: string[] = [];
      let next: string | null = '';
      for (let pages = 0; next !== null; pages += 1) {
        const from = pages === 0 ? '' : `&after=${next}`;
        const { body } = await (pages % 2 === 0 ? a : b).operator(
          'GET',
          `/actors?limit=2&order=${order}${from}`,
        );
        const page = body as { actors: { id: string }[]; next: string | null };
        seen.push(...page.actors.map(({ id }) => id));
        next = page.next;
      }
      expect(seen).toEqual(expected);
    }
    const foreign = Buffer.from('["actors",1]').toString('base64url');
    expect((await a.operator('GET', `/actors?after=${foreign}`)).statusCode).toBe(400);
  });

  it('with more clients than fit through the store is shown in part on another node, which counts the rest', async () => {
    const wanted = { id: 'many', tenant: presence, group: 'lobby', name: 'x'.repeat(80), count: 1_000 };
    await start(a, wanted);
    const clientsOn = async (node: Node) =>
      (await node.operator('GET', '/actors/many')).body as { clients: []; clientsLeftOut?: number };
    const [here, there] = [await clientsOn(a), await clientsOn(b)];
    expect([here.clients.length, here.clientsLeftOut]).toEqual([1_000, undefined]);
    expect(there.clients.length).toBeGreaterThan(0);
    expect(there.clients.length + (there.clientsLeftOut ?? 0)).toBe(1_000);
    expect(there.clientsLeftOut).toBeGreaterThan(0);
  });

  it('with long names fills pages on another node as far as they fit, which together are all', async () => {
    const group = Array.from({ length: 20 }, (_, index) => `${index}${'c'.repeat(195)}`).join(',');
    for (let index = 0; index < 30; index += 1)
      await start(a, { id: `n-${index}`, tenant: presence, group, name: 'ann' });
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await b.operator('GET', `/actors${next === '' ? '' : `?after=${next}`}`);
      const page = body as { actors: { id: string }[]; next: string | null };
      sizes.push(page.actors.length);
      seen.push(...page.actors.map(({ id }) => id));
      next = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `n-${index}`));
    expect(sizes.length).toBeGreaterThan(1);
  });

  it('ends with a reset of its tenant on any node, and its uuid does not come back', async () => {
    await start(a, { tenant: presence, group: 'lobby', name: 'bob' });
    await b.operator('POST', '/reset', { tenant: presence });
    expect(await actorsOn(a)).toEqual([]);
    await a.operator('POST', '/clock', { tenant: presence, advance: '10m' });
    for (const node of [a, b]) expect(await holders(node, presence)).toEqual([]);
  });

  it('of a node that does not answer is missing in a list that names the node, and refused by itself', async () => {
    const [node, tenant] = ['silent-node', `${serverSpace}nodes`];
    const register = makeRegister({ store: a.store, tenant, nodeId: node });
    await register.renew((await a.store.now({ tenant })).wallMs);
    await makeClaims({ ...register, store: a.store, tenant }, node).claim('bob');
    await start(a, { id: 'ann', tenant: presence, group: 'lobby', name: 'ann' });
    const listed = await b.operator('GET', '/actors');
    expect(listed.body).toMatchObject({ actors: [{ id: 'ann' }], unseenNodes: [node] });
    const error = `node ${node}, which has the actor bob, did not answer in time`;
    expect(await b.operator('GET', '/actors/bob')).toEqual({ statusCode: 503, body: { error } });
    expect(await b.operator('DELETE', '/actors/bob')).toEqual({
      statusCode: 503,
      body: { error: `${error}; it may still do what was asked` },
    });
    expect((await b.operator('DELETE', '/actors')).body).toEqual({ count: 1, unseenNodes: [node] });
    await register.leave();
    expect((await b.operator('GET', '/actors/bob')).statusCode).toBe(404);
  });
});

it('while Redis is away the actors of a node are listed and ended there, and others are unknown', async () => {
  const redis = await startRedis();
  const node = await startNode(redis, {}, {});
  await start(node, { id: 'bob', tenant: presence, group: 'lobby', name: 'bob' });
  await redis.stop();
  expect((await node.operator('GET', '/actors')).body).toMatchObject({
    actors: [{ id: 'bob' }],
    unseenNodes: ['unknown'],
  });
  expect((await node.operator('GET', '/actors/bob')).statusCode).toBe(200);
  expect((await node.operator('GET', '/actors/eve')).statusCode).toBe(503);
  expect((await node.operator('DELETE', '/actors/bob?as=crashed')).statusCode).toBe(200);
  await node.close();
});
