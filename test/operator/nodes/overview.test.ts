import { expect, it } from 'vitest';
import { suiteRedis } from '../../suite-redis.ts';
import { type Node, startNode } from './two-nodes.ts';

const redis = suiteRedis();

async function nodesSeenBy(node: Node): Promise<readonly { readonly id: string; readonly self: boolean }[]> {
  return ((await node.operator('GET', '/overview')).body as { nodes: { id: string; self: boolean }[] }).nodes;
}

it('the overview lists the nodes over one Redis, the one that replies first, until they leave', async () => {
  const [a, b] = await Promise.all([startNode(redis), startNode(redis)]);
  const [seenByA, seenByB] = [await nodesSeenBy(a), await nodesSeenBy(b)];
  expect(seenByA.map(({ self }) => self)).toEqual([true, false]);
  expect(seenByB.map(({ id }) => id)).toEqual(seenByA.map(({ id }) => id).reverse());
  await b.close();
  expect(await nodesSeenBy(a)).toEqual([seenByA[0]]);
  await a.close();
});
