/** One advance of n is n advances of 1 in what a poll held on one node receives and what actors of both nodes do. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { suiteRedis } from '../../suite-redis.ts';
import { type Method, type Node, startNode } from './two-nodes.ts';

const redis = suiteRedis();

const actor = fc.record({
  behaviour: fc.constantFrom('subscriber', 'flapping', 'silent'),
  timeout: fc.integer({ min: 20, max: 40 }),
  /** The node that plays it. */
  node: fc.constantFrom(0, 1),
});
const plan = fc.record({
  /** TTLs of clients that beat once, in seconds. */
  ttls: fc.uniqueArray(fc.integer({ min: 20, max: 60 }), { maxLength: 3 }),
  actors: fc.array(actor, { minLength: 1, maxLength: 2 }),
  seconds: fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 2 }),
});
interface Plan {
  readonly ttls: readonly number[];
  readonly actors: readonly { readonly behaviour: string; readonly timeout: number; readonly node: number }[];
  readonly seconds: readonly number[];
}

interface Polled {
  readonly t: { readonly t: string };
  readonly m: readonly { readonly d: { action: string; uuid: string; timestamp: number } }[];
}

/** Performs a plan for a subscribe key of the run. Returns what a poll on the second node received in its order, what actors did, and who is present. */
async function perform(nodes: readonly [Node, Node], { ttls, actors, seconds }: Plan, step: number) {
  const [a, b] = nodes;
  const key = randomUUID();
  const tenant = `presence/${key}`;
  let turn = 0;
  const on = async (node: Node, method: Method, path: string, payload?: object): Promise<never> => {
    const { statusCode, body } = await node.operator(method, path, payload);
    expect(statusCode, JSON.stringify(body)).toBe(200);
    return body as never;
  };
  const advance = (ms: number) => {
    turn += 1;
    return on(turn % 2 === 0 ? a : b, 'POST', '/clock', { tenant, advance: ms });
  };
  const { clock }: { clock: { dateMs: number } } = await on(a, 'POST', '/clock', { tenant, freeze: true });
  // Events have whole seconds: all runs begin with one.
  await advance(1_000 - (clock.dateMs % 1_000));
  const startSeconds = Math.floor(clock.dateMs / 1_000) + 1;

  const poll = async (tt: string): Promise<Polled> =>
    (await fetch(`${b.url}/v2/subscribe/${key}/lobby-pnpres/0?uuid=eve&tt=${tt}`)).json() as Promise<Polled>;
  const heard: string[] = [];
  let isOver = false;
  let t = (await poll('0')).t.t;
  const listening = (async () => {
    while (!isOver) {
      const polled = await poll(t);
      t = polled.t.t;
      for (const { d } of polled.m)
        if (d.uuid !== 'end') heard.push(`${d.timestamp - startSeconds} s: ${d.action} ${d.uuid}`);
        else isOver = true;
    }
  })();
  for (const [at, ttl] of ttls.entries())
    await fetch(`${a.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=u${at}&heartbeat=${ttl}`);
  for (const [at, { node, ...wanted }] of actors.entries())
    await on(nodes[node] as Node, 'POST', '/actors', {
      ...{ ...wanted, tenant, group: 'lobby', name: `a${at}`, id: `${key.slice(0, 20)}-${at}` },
    });
  for (const each of seconds)
    for (let left = each * 1_000; left > 0; left -= step) await advance(Math.min(step, left));
  const done: string[] = [];
  for (const node of nodes) {
    const listed: { actors: { name: string; beats: number; problems: number }[] } = await on(
      node,
      'GET',
      `/actors?tenant=${tenant}`,
    );
    for (const { name, beats, problems } of listed.actors) done.push(`${name} ${beats} ${problems}`);
  }
  const { leases }: { leases: { holder: string; remainingMs: number }[] } = await on(
    b,
    'GET',
    `/leases?tenant=${tenant}`,
  );
  // The last event for the poll: everything before it has arrived when it does.
  await fetch(`${a.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=end&heartbeat=60`);
  await listening;
  await on(a, 'POST', '/reset', { tenant });
  return { heard, done, present: leases.map(({ holder, remainingMs }) => `${holder} ${remainingMs}`).sort() };
}

it('a poll that a node holds receives the same in the same order, and actors of both nodes do the same', async () => {
  const nodes = [await startNode(redis, {}, {}), await startNode(redis, {}, {})] as const;
  await fc.assert(
    fc.asyncProperty(plan, async (wanted) => {
      const atOnce = await perform(nodes, wanted, Number.POSITIVE_INFINITY);
      for (const at of wanted.actors.keys()) expect(atOnce.heard).toContain(`0 s: join a${at}`);
      expect(await perform(nodes, wanted, 1_000)).toEqual(atOnce);
    }),
    { numRuns: 5, endOnFailure: true },
  );
  await Promise.all(nodes.map((node) => node.close()));
}, 120_000);
