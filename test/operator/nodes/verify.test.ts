import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../redis-server.ts';
import { type Node, startNode } from './two-nodes.ts';

const settings = { journal: 'on' } as const;
let redis: RedisServer;
let a: Node;
let b: Node;
beforeAll(async () => {
  redis = await startRedis();
  a = await startNode(redis, settings);
});
afterAll(async () => {
  await a.close();
  await redis.stop();
});

const verify = async (node: Node, wanted: object): Promise<object> =>
  (await node.operator('POST', '/verify', wanted)).body as object;
const never = { match: { holder: 'c1' }, times: { exactly: 0 } };

describe('an assertion on requests over Redis', () => {
  it('is certain where there is one node', async () => {
    expect(await verify(a, never)).toMatchObject({ satisfied: true, complete: true, unseenNodes: [] });
  });

  it('never counts zero for what another node served, and says which nodes were not looked at', async () => {
    b = await startNode(redis, settings);
    try {
      await b.light('c1');
      expect(await verify(a, never)).toMatchObject({
        satisfied: false,
        count: 0,
        complete: false,
        unseenNodes: [expect.any(String)],
        message: expect.stringMatching(
          /^unseen {3}requests to 1 more node, .*\{"of":"events","match":\{"type":"request"\}\}/m,
        ),
      });
      // What was found is found, whatever else there is.
      expect(await verify(b, { match: { holder: 'c1' } })).toMatchObject({ satisfied: true, count: 1 });
    } finally {
      await b.close();
    }
  });

  it('is made on the events of requests to count those of all nodes', async () => {
    b = await startNode(redis, settings);
    try {
      const { cursor } = (await verify(a, { of: 'events', match: { type: 'none' } })) as { cursor: number };
      await Promise.all([a.light('c2'), b.light('c2')]);
      const match = { type: 'request', holder: 'c2', status: 200 };
      const both = { of: 'events', match, after: cursor, times: { exactly: 2 } };
      expect(await verify(a, both)).toMatchObject({ satisfied: true, complete: true, unseenNodes: [] });
    } finally {
      await b.close();
    }
  });
});
