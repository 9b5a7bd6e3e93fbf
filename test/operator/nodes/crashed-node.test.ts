import { expect, it } from 'vitest';
import { suiteRedis } from '../../suite-redis.ts';
import { startNode } from './two-nodes.ts';

const redis = suiteRedis();

it('a change is made although a node that was there has lost the store, and the others obey it', async () => {
  const [a, b, lost] = [await startNode(redis), await startNode(redis), await startNode(redis)];
  await lost.store.close();
  const fault = { match: { operation: 'LightBeacon' }, when: { count: 'all' }, do: { status: 503 } };
  expect((await a.operator('POST', '/faults', fault)).statusCode).toBe(200);
  expect((await b.light()).status).toBe(503);
  for (const node of [a, b, lost]) await node.close();
});
