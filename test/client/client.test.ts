import { get } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, ExpectationFailed, OperatorError } from '../../src/client/index.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
beforeAll(async () => {
  hb = await startHeartbeatd({ settings: { slsAutoCreate: true } });
});
afterAll(() => hb.close());

/** A Presence heartbeat of a key of a test's own. */
const beat = (key: string, uuid: string, seconds = 300): Promise<Response> =>
  fetch(`${hb.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=${seconds}`);

it('tells each vendor client how to reach the server', () => {
  const { host, port } = new URL(hb.url);
  expect(hb.sls.proxy).toBe(hb.url);
  expect(hb.sls.env()).toMatchObject({ HTTP_PROXY: hb.url, NO_PROXY: '' });
  expect(hb.presence.config('demo')).toEqual({
    subscribeKey: 'demo',
    publishKey: 'demo',
    origin: host,
    ssl: false,
  });
  expect(hb.pbx).toMatchObject({ url: hb.url, port: Number(port) });
});

it('gives each test names of its own, whose journal holds nothing of another test', async () => {
  const [one, two] = [hb.tenant(), hb.tenant()];
  expect(one.name).not.toBe(two.name);
  await beat(one.name, 'ann');
  await beat(two.name, 'bob');
  const { entries } = await one.presence.journal.read();
  expect(entries.map(({ holder }) => holder)).toEqual(['ann']);
});

it('gives each test a PBX of its own, whose time moves alone', async () => {
  const tenants = [hb.tenant(), hb.tenant()] as const;
  const call = async (path: string, body: object) => {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return (await (await fetch(`${hb.pbx.url}/api/v1.1.0/${path}`, init)).json()) as Record<string, unknown>;
  };
  const [one, two] = await Promise.all(
    tenants.map(({ pbx: { username, password } }) => call('login', { username, password })),
  );
  await tenants[0].clock.advance('30m');
  expect(await call(`heartbeat?token=${one?.token}`, {})).toMatchObject({ errno: '20004' });
  expect(await call(`heartbeat?token=${two?.token}`, {})).toEqual({ status: 'Success' });
  const { entries } = await tenants[0].pbx.journal.read();
  expect(entries.map(({ operation }) => operation)).toEqual(['PbxLogin', 'PbxHeartbeat']);
  await tenants[1].reset();
  expect(await call(`heartbeat?token=${two?.token}`, {})).toMatchObject({ errno: '20004' });
});

it('waits for a request that comes later', async () => {
  const t = hb.tenant();
  const waiting = t.presence.journal.waitFor({ holder: 'ann' }, { atLeast: 2, within: '20s' });
  await beat(t.name, 'ann');
  await beat(t.name, 'ann');
  expect(await waiting).toMatchObject({ satisfied: true, count: 2 });
});

it('fails an expectation with a message that shows the closest request', async () => {
  const t = hb.tenant();
  await beat(t.name, 'ann');
  const failure = await t.presence.journal.waitFor({ holder: 'anne' }, { within: 0 }).catch((e: Error) => e);
  expect(failure).toBeInstanceOf(ExpectationFailed);
  expect((failure as Error).message).toContain('holder is "ann", not "anne"');
});

it('fails at the first request that should never come', async () => {
  const t = hb.tenant();
  const never = t.presence.journal.never({ holder: 'ann' }, '60s');
  await Promise.all([beat(t.name, 'ann'), expect(never).rejects.toThrow(ExpectationFailed)]);
});

it('loses the reply to a request of one tenant, once, and removes the rule at the end of its scope', async () => {
  const [t, other] = [hb.tenant(), hb.tenant()];
  {
    await using fault = await t.presence.faults.add({ do: { drop: 'after' } });
    expect((await beat(other.name, 'ann')).status).toBe(200);
    await expect(beat(t.name, 'ann')).rejects.toThrow();
    expect(await fault.read()).toMatchObject({ fired: 1 });
  }
  expect(await hb.faults.list()).toEqual([]);
  // It took effect although the reply was lost.
  const holders: string[] = [];
  for await (const { holder } of hb.leases.list({ tenant: t.presence.tenant })) holders.push(holder);
  expect(holders).toEqual(['ann']);
});

it('lists more leases than a page holds', async () => {
  const t = hb.tenant();
  const uuids = Array.from({ length: 150 }, (_, n) => `user-${n}`);
  await Promise.all(uuids.map((uuid) => beat(t.name, uuid)));
  const holders: string[] = [];
  for await (const { holder } of hb.leases.list({ tenant: t.presence.tenant })) holders.push(holder);
  expect(holders.toSorted()).toEqual(uuids.toSorted());
});

it('iterates over events from a cursor until the loop is left', async () => {
  const t = hb.tenant();
  const { cursor } = await hb.waitForEvent({ type: 'lease.granted' }, { within: '5s' });
  for (const uuid of ['ann', 'bob']) await beat(t.name, uuid);
  const holders: unknown[] = [];
  const selector = { type: 'lease.granted', tenant: t.presence.tenant };
  for await (const { holder } of hb.events(selector, { since: cursor })) {
    holders.push(holder);
    if (holders.length === 2) break;
  }
  expect(holders).toEqual(['ann', 'bob']);
});

it('ends an iteration over events when its signal aborts', async () => {
  const end = new AbortController();
  const seen: string[] = [];
  for await (const { type } of hb.events({}, { since: 0, signal: end.signal })) {
    seen.push(type);
    end.abort();
  }
  expect(seen.length).toBeGreaterThan(0);
});

it('explains a refused request and a server that is not there', async () => {
  const refused = hb.operator.json('GET', '/leases', { query: { protcol: 'pbx' } });
  await expect(refused).rejects.toThrow(/400.*did you mean "protocol"/);
  const nobody = connect('http://127.0.0.1:9');
  await expect(nobody.clock.read()).rejects.toThrow(OperatorError);
  await expect(nobody.ready(0)).rejects.toThrow(/not ready after 0 ms: /);
});

it('sends the token of the operator', async () => {
  await using guarded = await startHeartbeatd({ settings: { operatorToken: 'secret' } });
  expect((await guarded.clock.read()).frozen).toBe(false);
  await expect(connect(guarded.url).clock.read()).rejects.toThrow(/401/);
  await connect(guarded.url).ready();
});

it('has fault rules from the start, and closes more than once', async () => {
  const faulty = await startHeartbeatd({ faults: [{ do: { status: 503 } }] });
  const { status } = await fetch(`${faulty.url}/time/0`);
  expect(status).toBe(503);
  await faulty.close();
  await faulty.close();
});

it('leaves nothing of a closed server behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const servers: WeakRef<object>[] = [];
  for (let n = 0; n < 20; n += 1) {
    const server = await startHeartbeatd();
    await new Promise((resolve) =>
      get(`${server.url}/time/0`, { agent: false }, (reply) => reply.resume().on('end', resolve)),
    );
    await server.close();
    servers.push(new WeakRef(server.app), new WeakRef(server.store));
  }
  const kept = (): number => servers.filter((server) => server.deref() !== undefined).length;
  // What a turn of the event loop still refers to is gone in a later one; the last server may stay in a register of this function.
  for (let turn = 0; turn < 50 && kept() > 2; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(kept()).toBeLessThanOrEqual(2);
});

it('explains a situation, and refuses unknown names with the nearest', async () => {
  const t = hb.tenant('explained');
  await beat('explained', 'ann');
  const { sentences, facts } = await hb.why({ tenant: t.presence.tenant, holder: 'ann' });
  expect(sentences[0]).toContain('ann is present on lobby');
  expect(facts).toMatchObject({ uuid: 'ann', present: ['lobby'] });
  await expect(hb.why({ tenant: t.presence.tenant, holder: 'anne' })).rejects.toThrow(
    /404 .*did you mean "ann"/,
  );
  const move = { tenant: 'sls/none', group: 'logs/cg', shard: 0, to: 'c1' };
  await expect(hb.leases.move(move)).rejects.toMatchObject({ status: 404 });
});
