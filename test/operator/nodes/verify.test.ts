/** Assertions on requests, and the list of them, over one Redis: asked at one node they are about those of all. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RenderedEntry, Verdict } from '../../../src/client/journal.ts';
import { startRedis } from '../../redis-server.ts';
import { suiteRedis } from '../../suite-redis.ts';
import { type Node, startNode } from './two-nodes.ts';

const settings = { journal: 'on' } as const;
const redis = suiteRedis();
let a: Node;
let b: Node;
beforeAll(async () => {
  [a, b] = await Promise.all([startNode(redis, settings), startNode(redis, settings)]);
});
afterAll(() => Promise.all([a.close(), b.close()]));
beforeEach(() => a.operator('POST', '/reset'));

interface Page {
  readonly entries: readonly RenderedEntry[];
  readonly cursor: string;
  readonly gap: boolean;
  readonly unseenNodes: readonly string[];
}

const verify = async (node: Node, wanted: object): Promise<Verdict> =>
  (await node.operator('POST', '/verify', wanted)).body as Verdict;
const read = async (node: Node, query = ''): Promise<Page> =>
  (await node.operator('GET', `/journal?${query}`)).body as Page;
const holders = ({ entries }: Page): (string | null)[] => entries.map(({ holder }) => holder);
const seqAt = (node: Node): Promise<readonly string[]> =>
  read(node, 'limit=1000').then(({ entries }) => entries.map((each) => `${each.node} ${each.seq}`));
/** Publishes a message, which may be large. */
const publish = (node: Node, message: string) =>
  fetch(`${node.url}/publish/demo/demo/0/lobby/0?uuid=ann`, {
    method: 'POST',
    body: JSON.stringify({ message }),
  });

describe('the journal over Redis', () => {
  it('lists the requests of all nodes in the order of receipt, each with its node', async () => {
    for (const [node, ship] of [
      [a, 'c1'],
      [b, 'c2'],
      [b, 'c3'],
      [a, 'c4'],
    ] as const)
      await node.light(ship);
    for (const node of [a, b]) {
      const page = await read(node);
      expect(holders(page)).toEqual(['c1', 'c2', 'c3', 'c4']);
      expect(page).toMatchObject({ gap: false, unseenNodes: [] });
      const [first, second, third, last] = page.entries.map((entry) => entry.node);
      expect([first, second]).toEqual([last, third]);
      expect(first).not.toBe(second);
      expect(holders(await read(node, 'order=newest&limit=3'))).toEqual(['c4', 'c3', 'c2']);
      expect(holders(await read(node, 'holder=c3'))).toEqual(['c3']);
    }
    expect(await seqAt(a)).toEqual(await seqAt(b));
  });

  it('is read in pages that together are the whole list, while requests come', async () => {
    const ships = Array.from({ length: 23 }, (_, index) => `c${index}`);
    for (const [index, ship] of ships.entries()) await (index % 3 === 0 ? b : a).light(ship);
    const seen: (string | null)[] = [];
    let after = '';
    for (;;) {
      const page: Page = await read(
        seen.length % 2 === 0 ? a : b,
        `limit=4&after=${encodeURIComponent(after)}`,
      );
      if (page.entries.length === 0) break;
      expect(page.entries.length).toBeLessThanOrEqual(4);
      seen.push(...holders(page));
      after = page.cursor;
      if (ships.length < 26) {
        const late = `c${ships.length}`;
        ships.push(late);
        await b.light(late);
      }
    }
    expect(seen).toEqual(ships);
  });

  it('reads and removes an entry of another node, and renders it as HAR and as a command', async () => {
    await b.light('c1');
    const { entries } = await read(a);
    const [{ seq = 0, node = '' } = {}] = entries;
    expect((await a.operator('GET', `/journal/${seq}?node=${node}`)).body).toEqual(entries[0]);
    expect(await a.operator('GET', `/journal/${seq}?node=gone`)).toMatchObject({ statusCode: 404 });
    const curl = await a.app.inject({ url: '/_heartbeatd/journal?format=curl' });
    expect(curl.body).toMatch(/^curl -X PUT .*\/beacon\/north\/c1'\n$/);
    const har = (await a.operator('GET', '/journal?format=har')).body as { log: { entries: object[] } };
    expect(har.log.entries).toMatchObject([{ comment: `node ${node}`, request: { method: 'PUT' } }]);
    expect((await a.operator('DELETE', '/journal?holder=c1')).body).toEqual({ removed: 1, unseenNodes: [] });
    expect((await read(b)).entries).toEqual([]);
  });

  it('refuses a cursor that no node gave', async () => {
    for (const after of ['12', 'x', 'a:1,b'])
      expect(await a.operator('GET', `/journal?after=${after}`)).toMatchObject({
        statusCode: 400,
        body: { error: expect.stringContaining('after: invalid cursor') },
      });
  });
});

describe('an assertion on requests over Redis', () => {
  it('counts those of all nodes at each of them, and names the nodes of its entries', async () => {
    await Promise.all([a.light('c1'), a.light('c1'), b.light('c1'), b.light('c2')]);
    for (const node of [a, b]) {
      const verdict = await verify(node, { match: { holder: 'c1' }, times: { exactly: 3 } });
      expect(verdict).toMatchObject({ satisfied: true, count: 3, complete: true, unseenNodes: [] });
      expect(new Set(verdict.entries.map((entry) => entry.node)).size).toBe(2);
    }
    expect(await verify(a, { match: { holder: 'c2' }, times: { exactly: 0 } })).toMatchObject({
      satisfied: false,
      count: 1,
      complete: true,
    });
  });

  it('wakes for a request to another node, also with one that comes much later than others', async () => {
    const wanted = { match: { holder: 'late', status: 200 }, times: { atLeast: 2 }, within: '30s' };
    const waiting = verify(a, wanted);
    await b.light('other');
    await b.light('late');
    await b.light('other');
    await b.light('late');
    expect(await waiting).toMatchObject({ satisfied: true, count: 2 });
  });

  it('fails at once at a request to another node that must not come', async () => {
    const waiting = verify(a, { match: { holder: 'never' }, neverFor: '10m' });
    await b.light('never');
    expect(await waiting).toMatchObject({ satisfied: false, count: 1 });
  });

  it('finds a sequence that runs over several nodes', async () => {
    for (const [node, ship] of [
      [a, 'c1'],
      [b, 'c2'],
      [a, 'c3'],
      [b, 'c1'],
    ] as const)
      await node.light(ship);
    const inOrder = (...names: string[]) => ({ sequence: names.map((holder) => ({ holder })) });
    expect(await verify(b, inOrder('c1', 'c2', 'c3', 'c1'))).toMatchObject({ satisfied: true, count: 1 });
    expect(await verify(b, inOrder('c2', 'c1', 'c3'))).toMatchObject({ satisfied: false, count: 0 });
  });

  it('counts only what came after a cursor, whichever node gave it', async () => {
    await Promise.all([a.light('c1'), b.light('c1')]);
    const { cursor: after } = await verify(a, { match: { holder: 'c1' } });
    await b.light('c1');
    for (const node of [a, b])
      expect(await verify(node, { match: { holder: 'c1' }, after, times: { exactly: 1 } })).toMatchObject({
        satisfied: true,
        complete: true,
      });
  });

  it('never counts zero for a node that keeps no journal or that is gone, and names it', async () => {
    const never = { match: { holder: 'c9' }, times: { exactly: 0 } };
    const silent = await startNode(redis, { journal: 'off' });
    try {
      await silent.light('c9');
      expect(await verify(a, never)).toMatchObject({
        satisfied: false,
        count: 0,
        complete: false,
        unseenNodes: [expect.any(String)],
        message: expect.stringMatching(
          /^unseen {3}requests to 1 more node, .*\{"of":"events","match":\{"type":"request"\}\}/m,
        ),
      });
      expect((await read(a)).unseenNodes).toHaveLength(1);
      // What was found is found, whatever else there is.
      await a.light('c1');
      expect(await verify(b, { match: { holder: 'c1' } })).toMatchObject({ satisfied: true, count: 1 });
    } finally {
      await silent.close();
    }
    expect(await verify(a, never)).toMatchObject({ satisfied: true, complete: true });
    const third = await startNode(redis, settings);
    const { cursor: after } = await verify(a, never);
    await third.light('c9');
    await third.close();
    expect(await verify(a, { ...never, after })).toMatchObject({
      satisfied: false,
      complete: false,
      unseenNodes: [expect.any(String)],
    });
    expect(await read(a, `after=${encodeURIComponent(String(after))}`)).toMatchObject({ gap: true });
  });

  it('is made on the events of requests to count those of all nodes', async () => {
    const { cursor } = await verify(a, { of: 'events', match: { type: 'reset' } });
    await Promise.all([a.light('c2'), b.light('c2')]);
    const match = { type: 'request', holder: 'c2', status: 200 };
    const both = { of: 'events', match, after: cursor, times: { exactly: 2 } };
    expect(await verify(a, both)).toMatchObject({ satisfied: true, complete: true, unseenNodes: [] });
  });
});

describe('large requests over Redis', () => {
  let c: Node;
  let d: Node;
  beforeAll(async () => {
    [c, d] = await Promise.all([startNode(redis, settings, {}), startNode(redis, settings, {})]);
  });
  afterAll(() => Promise.all([c.close(), d.close()]));

  it('to another node are listed without their bodies, and say so', async () => {
    await publish(d, 'x'.repeat(30_000));
    const [here] = (await read(d)).entries;
    const [there] = (await read(c)).entries;
    expect(here?.request.bodyBytes).toBeGreaterThan(30_000);
    expect(there).toMatchObject({ seq: here?.seq, node: here?.node, request: { body: null } });
    expect(there?.notes.join()).toContain('too large to be read through another node');
    expect((await read(d)).entries[0]?.notes).toEqual([]);
  });

  it('to another node fill pages as far as they fit, which together are all', async () => {
    for (let index = 0; index < 12; index += 1) await publish(d, `${index} ${'x'.repeat(20_000)}`);
    const seen: unknown[] = [];
    let pages = 0;
    for (let after = ''; ; pages += 1) {
      const page = await read(c, `limit=100&after=${encodeURIComponent(after)}`);
      if (page.entries.length === 0) break;
      seen.push(
        ...page.entries.map(({ request }) =>
          Number.parseInt((request.body as { message: string }).message, 10),
        ),
      );
      after = page.cursor;
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(pages).toBeGreaterThan(1);
  });

  it('to all nodes are compared where they are, and the closest shown with long values cut', async () => {
    await publish(c, 'x');
    await publish(d, 'y'.repeat(5_000));
    const match = { operation: 'PublishWithPost', body: { message: 'z' } };
    const { closest, message } = await verify(c, { match });
    expect(closest).toMatchObject(
      ['y', 'x'].map(() => ({ differs: [{ path: 'body.message', expected: 'z' }] })),
    );
    const [first] = closest;
    expect(JSON.stringify(first?.differs)).toMatch(/"yyy[^"]*…"/);
    expect(JSON.stringify(first).length).toBeLessThan(2_000);
    expect(message).toContain(`close    #${first?.seq} of ${first?.node}: body.message is`);
  });
});

it('while Redis is away the journal and assertions are those of the node, and say that others are unknown', async () => {
  const own = await startRedis();
  const node = await startNode(own, settings);
  await node.light('c1');
  await own.stop();
  const unknown = { unseenNodes: ['unknown'] };
  expect(await read(node)).toMatchObject({ entries: [{ holder: 'c1' }], ...unknown });
  expect(await verify(node, { match: { holder: 'c1' } })).toMatchObject({ satisfied: true, ...unknown });
  const never = { match: { holder: 'c9' }, times: { exactly: 0 } };
  expect(await verify(node, never)).toMatchObject({ satisfied: false, complete: false, ...unknown });
  await node.close();
});
