import { describe, expect, it } from 'vitest';
import { type Node, startTwoNodes } from './two-nodes.ts';

let a: Node;
let b: Node;
const startAnother = startTwoNodes(
  (first, second) => {
    [a, b] = [first, second];
  },
  { tidy: () => a.operator('DELETE', '/faults') },
);

const match = { operation: 'LightBeacon' };
const rules = async (node: Node): Promise<{ id: string; held: number; matched: number; fired: number }[]> =>
  ((await node.operator('GET', '/faults')).body as { faults: [] }).faults;
const statuses = (replies: readonly Response[]): number[] => replies.map(({ status }) => status);
const add = async (node: Node, fault: object): Promise<string> =>
  ((await node.operator('POST', '/faults', fault)).body as { id: string }).id;
/** Resolves once a request that was sent is held. */
async function untilHeld(node: Node, many: number): Promise<void> {
  for (;;) {
    const held = (await rules(node)).reduce((sum, rule) => sum + rule.held, 0);
    if (held === many) return;
  }
}

describe('a fault rule over Redis', () => {
  it('is obeyed by every node when the reply to its creation is there, and no longer after its removal', async () => {
    const id = await add(a, { match, when: { count: 'all' }, do: { status: 503 } });
    expect([(await b.light()).status, (await a.light()).status]).toEqual([503, 503]);
    expect((await b.operator('DELETE', `/faults/${id}`)).body).toMatchObject({ id, matched: 2, fired: 2 });
    expect([(await a.light()).status, (await b.light()).status]).toEqual([200, 200]);
  });

  it('fires as often as it says over all nodes together, also for requests at the same time', async () => {
    await add(a, { match, when: { skip: 3, count: 5 }, do: { status: 503 } });
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? a : b).light(`ship-${at}`)),
    );
    expect(statuses(replies).filter((status) => status === 503)).toHaveLength(5);
    for (const node of [a, b])
      expect(await rules(node)).toMatchObject([{ matched: 40, fired: 5, remaining: 0 }]);
  });

  it('takes the same decisions for a seed, whichever node has the n-th match', async () => {
    const fault = { match, when: { count: 'all', share: 0.5, seed: 7 }, do: { status: 503 } };
    const decisions = async (nodes: readonly Node[]): Promise<number[]> => {
      await a.operator('PUT', '/faults', [fault]);
      const found: number[] = [];
      for (let at = 0; at < 12; at += 1) found.push((await nodes[at % nodes.length]?.light())?.status ?? 0);
      return found;
    };
    const alone = await decisions([a]);
    expect(new Set(alone)).toEqual(new Set([200, 503]));
    expect(await decisions([a, b])).toEqual(alone);
  });

  it('counts anew when it is changed on any node, and keeps its place', async () => {
    const id = await add(a, { match, do: { status: 503 } });
    await add(b, { match, when: { count: 'all' }, do: { status: 500 } });
    expect(statuses([await b.light(), await b.light()])).toEqual([503, 500]);
    await b.operator('PATCH', `/faults/${id}`, { do: { status: 429 } });
    expect(statuses([await a.light(), await a.light()])).toEqual([429, 500]);
  });

  it('lets requests go on every node when it is released, and when it is removed', async () => {
    for (const end of ['release', 'remove'] as const) {
      const id = await add(a, { match, when: { count: 'all' }, do: { hold: true } });
      const held = [a.light(), b.light('bob')];
      await untilHeld(b, 2);
      if (end === 'release') {
        expect((await b.operator('POST', `/faults/${id}/release`)).body).toEqual({ count: 2 });
        await a.operator('DELETE', `/faults/${id}`);
      } else await b.operator('DELETE', `/faults/${id}`);
      expect(statuses(await Promise.all(held))).toEqual([200, 200]);
    }
  });

  it('is gone from all nodes after a reset, with what it held', async () => {
    await add(a, { match, when: { count: 'all' }, do: { hold: true } });
    const held = b.light();
    await untilHeld(a, 1);
    expect((await a.operator('POST', '/reset')).body).toMatchObject({ removed: { faults: 1 } });
    expect((await held).status).toBe(200);
    expect(await rules(b)).toEqual([]);
    expect((await b.light()).status).toBe(200);
  });

  it('is obeyed by a node that starts later', async () => {
    await add(a, { match, when: { count: 'all' }, do: { status: 503 } });
    const late = await startAnother();
    expect((await late.light()).status).toBe(503);
    await late.close();
  });

  it('has an id of its own on whichever node it is added, and an unknown one is refused', async () => {
    const ids = await Promise.all([a, b, a, b].map((node) => add(node, { match, do: { status: 503 } })));
    expect(new Set(ids).size).toBe(4);
    expect((await b.operator('DELETE', '/faults/none')).statusCode).toBe(404);
    expect((await b.operator('POST', '/faults/none/release')).statusCode).toBe(404);
  });

  it('is not listed among tenants or states', async () => {
    await a.operator('POST', '/reset');
    await add(a, { match, do: { status: 503 } });
    expect((await a.operator('GET', '/state')).body).toEqual({ tenants: {} });
    expect((await a.store.tenants()).map(({ tenant }) => tenant)).toEqual([]);
  });
});
