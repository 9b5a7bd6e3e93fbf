/** Actors in general: their clock, their limits, their end, and what is told of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import { startApp } from '../../start-app.ts';

let hb: StartedHeartbeatd;
const tenant = 'presence/demo';
beforeEach(async () => {
  hb = await startHeartbeatd();
});
afterEach(() => hb.close());

const bob = { tenant, group: 'lobby', name: 'bob', timeout: 60 };
const refusal = (step: Promise<unknown>): Promise<string> =>
  step.then(
    () => 'none',
    (error: Error) => error.message,
  );
const holders = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { holder } of hb.leases.list({ tenant })) found.push(holder);
  return found.sort();
};

const advance = (by: string) =>
  hb.operator.json<{ fired: { holder: string }[]; settled: boolean }>('POST', '/clock', {
    body: { tenant, advance: by },
  });

describe('the beats of actors', () => {
  it('follow the lease clock: none while it is frozen, and all of an advance on its way', async () => {
    await hb.store.freezeClock();
    const actor = await hb.actors.start(bob);
    const before = (await actor.read()).beats;
    const moved = await advance('1h');
    expect([before, (await actor.read()).beats]).toEqual([1, 181]);
    expect([moved.fired, moved.settled, await holders()]).toEqual([[], true, ['bob']]);
  });

  it('come in real time too', async () => {
    const actor = await hb.actors.start({ ...bob, every: 10 });
    await expect.poll(async () => (await actor.read()).beats).toBeGreaterThan(3);
  });

  it('are made on the way of an advance of all clocks, except for a tenant that is frozen by itself', async () => {
    await hb.store.freezeClock();
    const moving = await hb.actors.start(bob);
    const still = await hb.actors.start({ ...bob, tenant: 'presence/still' });
    await hb.operator.json('POST', '/clock', { body: { tenant: 'presence/still', freeze: true } });
    await hb.operator.json('POST', '/clock', { body: { advance: '10m' } });
    expect([(await moving.read()).beats, (await still.read()).beats]).toEqual([31, 1]);
  });

  it('one advance of n makes as many beats as n advances of 1', async () => {
    await hb.store.freezeClock();
    const actor = await hb.actors.start(bob);
    for (let seconds = 0; seconds < 120; seconds += 1) await advance('1s');
    expect((await actor.read()).beats).toBe(7);
  });

  it('keep a lease out of what the clock would advance to next, until the actor is silent', async () => {
    await hb.store.freezeClock();
    const actor = await hb.actors.start(bob);
    const next = () =>
      hb.operator.json<{ fired: { holder: string }[] }>('POST', '/clock', { body: { tenant, toNext: 1 } });
    expect((await next()).fired).toEqual([]);
    await actor.behave({ behaviour: 'silent' });
    expect((await next()).fired.map(({ holder }) => holder)).toEqual(['bob']);
  });

  it('continue after the tenant dropped its offset', async () => {
    const actor = await hb.actors.start(bob);
    await advance('1h');
    await hb.operator.json('DELETE', '/clock', { query: { tenant } });
    const { beats } = await actor.read();
    await hb.operator.json('POST', '/clock', { body: { tenant, freeze: true, advance: '1m' } });
    expect((await actor.read()).beats).toBeGreaterThanOrEqual(beats + 3);
  });

  it('run through the same operations as real requests: the journal marks them, and faults fail them', async () => {
    await hb.store.freezeClock();
    const actor = await hb.actors.start({ ...bob, id: 'second' });
    await fetch(`${hb.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300`);
    const { entries } = await hb.journal.read({ tenant });
    expect(
      entries.map(({ operation, holder, actor: id, client }) => [operation, holder, id, client]),
    ).toEqual([
      ['Heartbeat', 'bob', 'second', '1.second.actor.invalid'],
      ['Heartbeat', 'ann', null, '127.0.0.1'],
    ]);
    await hb.faults.add({ match: { holder: 'bob' }, when: { count: 'all' }, do: { drop: 'before' } });
    const moved = await advance('1m');
    expect(moved.fired.map(({ holder }) => holder)).toEqual(['bob']);
    expect((await actor.read()).clients[0]).toMatchObject({ lost: 3, problem: null });
  });

  it('do not hold up an advance when a fault holds them', async () => {
    await hb.store.freezeClock();
    const actor = await hb.actors.start(bob);
    await hb.faults.add({ id: 'hold', match: { holder: 'bob' }, do: { hold: true } });
    const advancing = advance('20s');
    await expect.poll(async () => (await hb.faults.list())[0]?.held).toBe(1);
    await hb.operator.json('POST', '/faults/hold/release');
    expect((await advancing).settled).toBe(true);
    expect((await actor.read()).beats).toBe(2);
  });
});

describe('actors', () => {
  it('end with a reset of their tenant, and those of others do not', async () => {
    await hb.actors.start(bob);
    const other = await hb.actors.start({ ...bob, tenant: 'presence/other' });
    expect(await hb.reset(tenant)).toMatchObject({ removed: { actors: 1 } });
    expect((await hb.actors.list()).map(({ id }) => id)).toEqual([other.id]);
    expect(await holders()).toEqual([]);
    expect(await hb.reset()).toMatchObject({ removed: { actors: 1 } });
    expect(await hb.actors.list()).toEqual([]);
  });

  it('leave or crash as asked, one, those of a tenant, or all', async () => {
    await hb.store.freezeClock();
    const first = await hb.actors.start(bob);
    await hb.actors.start({ ...bob, name: 'ann' });
    await hb.actors.start({ ...bob, tenant: 'presence/other' });
    await first.crash();
    expect(await holders()).toEqual(['ann', 'bob']);
    expect(await hb.actors.clear(tenant)).toBe(1);
    expect(await holders()).toEqual(['bob']);
    expect(await hb.actors.clear()).toBe(1);
  });

  it('are refused with what is wrong and the nearest name', async () => {
    const start = (wanted: object) => refusal(hb.actors.start({ ...bob, ...wanted }));
    expect(await start({ behaviour: 'silnet' })).toContain('did you mean "silent"');
    expect(await start({ grup: 'x' })).toContain('did you mean "group"');
    expect(await start({ tenant: 'presense/demo' })).toContain('did you mean "presence"');
    expect(await start({ protocol: 'sls' })).toContain('is not of sls');
    expect(await start({ keepBeats: 1 })).toContain('actors of presence do not have it');
    expect(await start({ count: 1_001 })).toContain('count');
    expect(await start({ id: 'Ü' })).toContain('id');
    expect(await start({ tenant: 'sls/demo', group: 'one', timeout: 60 })).toContain('<logstore>');
    expect(await start({ tenant: 'pbx/other', timeout: undefined })).toContain('pbx/default');
    await hb.actors.start({ ...bob, id: 'bob' });
    expect(await start({ id: 'bob' })).toContain('already');
    expect(await refusal(hb.operator.json('GET', '/actors/nobody'))).toContain('no actor nobody');
  });

  it('of one tenant are started, listed and ended without its name', async () => {
    const [one, other] = [hb.tenant(), hb.tenant()];
    const { id } = await one.presence.actors.start({ group: 'lobby', name: 'bob' });
    await other.presence.actors.start({ group: 'lobby', name: 'bob' });
    expect((await one.presence.actors.list()).map((actor) => [actor.id, actor.tenant])).toEqual([
      [id, one.presence.tenant],
    ]);
    expect(await one.presence.actors.clear()).toBe(1);
    expect(await hb.actors.list()).toHaveLength(1);
  });

  it('are bounded', async () => {
    const many = { ...bob, count: 1_000 };
    await hb.actors.start(many);
    await hb.actors.start({ ...many, name: 'ann' });
    expect(await refusal(hb.actors.start(bob))).toContain('2000 clients already');
    expect((await hb.actors.list()).map(({ count }) => count)).toEqual([1_000, 1_000]);
  });

  it('reach the port of vendors where the operator API has a port of its own', async () => {
    await hb.close();
    hb = await startHeartbeatd({ settings: { operatorPort: 0 } });
    const actor = await hb.actors.start(bob);
    expect((await actor.read()).clients[0]).toMatchObject({ beats: 1, problem: null });
    expect(await holders()).toEqual(['bob']);
  });

  it('exist for a protocol that is one folder and one line', async () => {
    const started = await startApp({}, { protocols: [beacon as never] });
    const call = async (method: 'GET' | 'POST', url: string, payload?: object) =>
      (await started.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) })).json();
    const actor = { tenant: 'beacon/sea', group: 'north', name: 'ship', course: 90 };
    expect(await call('POST', '/_heartbeatd/actors', actor)).toMatchObject({
      protocol: 'beacon',
      behaviour: 'lit',
      clients: [{ name: 'ship', problem: null, lit: 1 }],
    });
    expect(await call('GET', '/beacon/north')).toEqual(['ship']);
    await started.close();
  });
});
