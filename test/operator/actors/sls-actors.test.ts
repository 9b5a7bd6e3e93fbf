/** A real consumer meets a second one that the server simulates: the OpenAPI SDK for Node, unmodified, beats beside an actor. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { resolveSlsNames } from '../../sdk/sls-names.ts';

// CommonJS without types that match what it exports.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');

resolveSlsNames();

const tenant = 'sls/shop';
const group = 'orders/billing';
let hb: StartedHeartbeatd;
let beat: (held: readonly number[]) => Promise<number[]>;
let checkpoints: () => Promise<{ shard: number; checkpoint: string; consumer: string }[]>;
beforeEach(async () => {
  // Real clients have to sign; actors do not.
  hb = await startHeartbeatd({ settings: { slsAuth: 'verify', slsKeys: ['id:secret'] } });
  await hb.store.freezeClock();
  const api = new sls.default(
    new Config({
      ...{ accessKeyId: 'id', accessKeySecret: 'secret', protocol: 'HTTP', regionId: 'cn-hangzhou' },
      endpoint: `sls.local:${new URL(hb.url).port}`,
    }),
  );
  await api.createProject(new sls.CreateProjectRequest({ projectName: 'shop', description: '' }));
  await api.createLogStore(
    'shop',
    new sls.CreateLogStoreRequest({ logstoreName: 'orders', shardCount: 4, ttl: 30, enableTracking: true }),
  );
  const wanted = new sls.CreateConsumerGroupRequest({ consumerGroup: 'billing', timeout: 30, order: false });
  await api.createConsumerGroup('shop', 'orders', wanted);
  beat = async (held) => {
    const request = new sls.ConsumerGroupHeartBeatRequest({ consumer: 'c1', body: held });
    return (await api.consumerGroupHeartBeat('shop', 'orders', 'billing', request)).body;
  };
  checkpoints = async () =>
    (await api.getCheckPoint('shop', 'orders', 'billing', new sls.GetCheckPointRequest({}))).body;
});
afterEach(() => hb.close());

/** Writes one log to any shard. */
const putLog = async () => {
  const reply = await hb.app.inject({
    method: 'POST',
    url: '/logstores/orders/track',
    headers: { host: 'shop.sls.local', 'x-log-apiversion': '0.6.0' },
    payload: { __logs__: [{ order: '1' }] },
  });
  expect(reply.statusCode).toBe(200);
};
const heldBy = async (actor: { read(): Promise<{ clients: { [name: string]: unknown }[] }> }) =>
  (await actor.read()).clients[0]?.held;

const advance = (by: string) =>
  hb.operator.json<{ fired: { holder: string }[]; settled: boolean }>('POST', '/clock', {
    body: { tenant, advance: by },
  });

describe('a consumer under test', () => {
  it('shares the shards with an actor that joins, and gets all back after the actor died', async () => {
    expect(await beat([])).toEqual([0, 1, 2, 3]);
    const actor = await hb.actors.start({ tenant, group, name: 'c2' });
    expect(await beat([0, 1, 2, 3])).toEqual([0, 1]);
    expect(await beat([0, 1])).toEqual([0, 1]);
    await advance('10s');
    expect(await heldBy(actor)).toEqual([2, 3]);
    // The actor read its shards to their ends.
    expect((await checkpoints()).map(({ consumer, checkpoint }) => [consumer, checkpoint !== ''])).toEqual([
      ['c1', false],
      ['c1', false],
      ['c2', true],
      ['c2', true],
    ]);
    await actor.behave({ behaviour: 'silent' });
    await beat([0, 1]);
    await advance('20s');
    expect(await beat([0, 1])).toEqual([0, 1]);
    await advance('10s');
    expect(await beat([0, 1])).toEqual([0, 1, 2, 3]);
  });

  it('waits for a slow actor as many beats as asked, and gets its shards then', async () => {
    const actor = await hb.actors.start({ tenant, group, name: 'c2', behaviour: 'slow', keepBeats: 2 });
    expect(await heldBy(actor)).toEqual([0, 1, 2, 3]);
    expect(await beat([])).toEqual([]);
    const seen: unknown[] = [];
    for (let beats = 0; beats < 5; beats += 1) {
      await advance('10s');
      seen.push([await heldBy(actor), await beat(beats > 3 ? [2, 3] : [])]);
    }
    expect(seen).toEqual([
      [[0, 1, 2, 3], []],
      [[0, 1, 2, 3], []],
      [[0, 1], []],
      [
        [0, 1],
        [2, 3],
      ],
      [
        [0, 1],
        [2, 3],
      ],
    ]);
  });

  it('never gets a shard of a greedy actor that lives, and gets them when it is told to be a consumer', async () => {
    const actor = await hb.actors.start({ tenant, group, name: 'c2', behaviour: 'greedy' });
    expect(await beat([])).toEqual([]);
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await advance('20s');
      expect([await heldBy(actor), await beat([])]).toEqual([[0, 1, 2, 3], []]);
    }
    expect((await actor.read()).clients[0]).toMatchObject({ revoked: [2, 3], lost: 0, problem: null });
    await actor.behave({ behaviour: 'consumer' });
    await advance('20s');
    expect(await beat([])).toEqual([2, 3]);
  });

  it('goes on where an actor that crashed saved that it was', async () => {
    for (let logs = 0; logs < 5; logs += 1) await putLog();
    const actor = await hb.actors.start({ tenant, group, name: 'c2' });
    const { shards } = (await actor.read()).clients[0] as never as {
      shards: Record<string, { logs: number; checkpoint: string }>;
    };
    expect(Object.values(shards).reduce((sum, { logs }) => sum + logs, 0)).toBe(5);
    await actor.crash();
    await advance('30s');
    expect(await beat([])).toEqual([0, 1, 2, 3]);
    expect((await checkpoints()).map(({ checkpoint }) => checkpoint)).toEqual(
      Object.values(shards).map(({ checkpoint }) => checkpoint),
    );
  });
});

describe('an actor that is a consumer', () => {
  it('joins again after it was thrown out, as the libraries do', async () => {
    const actor = await hb.actors.start({ tenant, group, name: 'c2' });
    await hb.operator.json('DELETE', '/leases', { query: { tenant, holder: 'c2' } });
    await advance('10s');
    expect((await actor.read()).clients[0]).toMatchObject({
      held: [],
      problem: expect.stringContaining('NotExistConsumerWithBody'),
    });
    await advance('10s');
    expect((await actor.read()).clients[0]).toMatchObject({ held: [0, 1, 2, 3], problem: null });
  });

  it('leaves with the vendor error of its first beat when that is refused', async () => {
    await expect(hb.actors.start({ tenant, group: 'order/billing', name: 'c2' })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('LogStoreNotExist'),
    });
    expect(await hb.actors.list()).toEqual([]);
  });

  it('survives every kind of fault on its requests', async () => {
    const actor = await hb.actors.start({ tenant, group, name: 'c2' });
    const match = { operation: 'ConsumerGroupHeartBeat', holder: 'c2' };
    await hb.faults.replace(
      [
        { drop: 'before' as const },
        { drop: 'after' as const },
        { reset: true as const },
        { garbage: true as const },
        { truncate: 0.5 },
        { error: 'ServerBusy' },
        { answer: 'no JSON' },
        { store: 'away' as const },
      ].map((effect) => ({ match, do: effect })),
    );
    await advance('80s');
    expect((await hb.faults.list()).map(({ fired }) => fired)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect((await actor.read()).clients[0]).toMatchObject({ lost: 5 });
    await advance('20s');
    expect((await actor.read()).clients[0]).toMatchObject({ held: [0, 1, 2, 3], problem: null });
  });
});
