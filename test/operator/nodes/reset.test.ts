import { expect, it } from 'vitest';
import { startReceiver, status } from '../../protocols/pbx/receiver.ts';
import { type Node, startTwoNodes } from './two-nodes.ts';

let a: Node;
let b: Node;
startTwoNodes(
  (first, second) => {
    [a, b] = [first, second];
  },
  { changes: { journal: 'on' }, options: {} },
);

const presence = async (node: Node, path: string): Promise<{ uuids?: string[] }> =>
  (await fetch(`${node.url}${path}`)).json() as never;
const requests = async (node: Node): Promise<readonly unknown[]> =>
  ((await node.operator('GET', '/journal')).body as { entries: [] }).entries;
const tenants = async (node: Node): Promise<object> =>
  ((await node.operator('GET', '/state')).body as { tenants: object }).tenants;

it('a reset on one node ends a poll that another holds, and its uuid does not come back', async () => {
  const held = presence(b, '/v2/subscribe/demo/lobby/0?tt=1&uuid=bob&heartbeat=300');
  await expect.poll(async () => (await requests(b)).length, { interval: 5 }).toBe(1);
  await presence(a, '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300');
  expect((await a.operator('POST', '/reset', { tenant: 'presence/demo' })).body).toMatchObject({
    removed: { requests: 2 },
  });
  expect(await held).toMatchObject({ t: { t: expect.any(String) } });
  for (const node of [a, b]) {
    expect((await presence(node, '/v2/presence/sub-key/demo/channel/lobby')).uuids).toEqual([]);
    expect(await tenants(node)).toEqual({});
  }
});

it('a reset on either node ends the retries of reports, and a clock that the other froze', async () => {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const receiver = await startReceiver();
    try {
      receiver.answer = () => status(500);
      const login = {
        ...{ username: 'api', password: 'x', ipaddr: '127.0.0.1' },
        ...{ port: String(receiver.port), url: '' },
      };
      await fetch(`${one.url}/api/v1.1.0/login`, { method: 'POST', body: JSON.stringify(login) });
      await one.operator('POST', '/clock', { tenant: 'pbx/default', freeze: true });
      await other.operator('POST', '/pbx/events', {
        ...{ report: 'ExtensionStatus', extension: '1000', status: 'Busy' },
      });
      await receiver.arrived(1);
      await other.operator('POST', '/reset', { tenant: 'pbx/default' });
      expect((await one.operator('GET', '/clock?tenant=pbx%2Fdefault')).body).toMatchObject({
        ...{ frozen: false, offsetMs: 0 },
      });
      const before = receiver.received.length;
      for (const node of [one, other])
        await node.operator('POST', '/clock', { tenant: 'pbx/default', advance: '1h' });
      expect(receiver.received).toHaveLength(before);
      await one.operator('POST', '/reset');
    } finally {
      await receiver.close();
    }
  }
});
