/** What a reset leaves and what it ends. */
import { describe, expect, it } from 'vitest';
import { startReceiver, status } from '../../protocols/pbx/receiver.ts';
import { refusal, seed, stateFixture, tenant } from './seeded.ts';

const fixture = stateFixture();
const { start, presence, enter, uuids } = fixture;

describe('a reset', () => {
  it('returns to the seed, and reports what is gone', async () => {
    await start({ seed });
    expect(await uuids()).toEqual(['alice']);
    await enter('bob');
    await enter('carol', 'attic');
    await fixture.hb.faults.add({ match: { tenant }, do: { status: 500 } });
    await fixture.hb.faults.add({ match: { tenant: 'presence/other' }, do: { status: 500 } });
    await fixture.hb.operator.json('POST', '/clock', { body: { tenant, advance: '1m', freeze: true } });
    expect(await fixture.hb.reset(tenant)).toEqual({
      tenants: [tenant],
      to: 'seed',
      removed: { leases: 3, documents: 2, topics: 0, faults: 1, requests: 3, actors: 0 },
    });
    expect(await uuids()).toEqual(['alice']);
    expect(await uuids('attic')).toEqual([]);
    expect((await fixture.hb.faults.list()).map(({ match }) => match)).toEqual([
      { tenant: 'presence/other' },
    ]);
    expect(await fixture.hb.store.readClock(tenant)).toMatchObject({ offsetMs: 0 });
    const [document] = await fixture.hb.store.readDocuments({
      tenant,
      documents: [{ collection: 'notes', key: 'a' }],
    });
    expect(document?.value).toBe('{"b":[1,null]}');
    const alice = await fixture.hb.store.read({ tenant, group: 'lobby', holder: 'alice' });
    expect(alice).toMatchObject({ ttlMs: 300_000, remainingMs: 300_000, data: '{"mood":"ü"}' });
  });

  it('to empty leaves nothing, and without a seed there is none to return to', async () => {
    await start({ seed });
    expect(await fixture.hb.reset(undefined, 'empty')).toMatchObject({ tenants: [tenant], to: 'empty' });
    expect(await fixture.hb.state()).toEqual({ tenants: {} });
    await fixture.hb.reset();
    expect(await uuids()).toEqual(['alice']);
    await fixture.hb.close();
    await start();
    expect(await refusal(fixture.hb.reset(undefined, 'seed'))).toMatch(
      /400 to: the server was given no seed/,
    );
  });

  it('ends held polls, whose clients do not come back by that', async () => {
    await start();
    const held = presence('/v2/subscribe/demo/lobby/0?tt=1&uuid=bob&heartbeat=300');
    await expect.poll(async () => (await fixture.hb.journal.read()).entries.length, { interval: 5 }).toBe(1);
    await enter('ann');
    await fixture.hb.reset(tenant);
    expect(await held).toMatchObject({ t: { t: expect.any(String) } });
    expect(await uuids()).toEqual([]);
    expect((await fixture.hb.state()).tenants).toEqual({});
  });
});

describe('a reset of the PBX', () => {
  it('ends the retries of reports and the frozen clock', async () => {
    await start();
    const receiver = await startReceiver();
    try {
      receiver.answer = () => status(500);
      const login = {
        username: 'api',
        password: 'x',
        ipaddr: '127.0.0.1',
        port: String(receiver.port),
        url: '',
      };
      await fetch(`${fixture.hb.url}/api/v1.1.0/login`, { method: 'POST', body: JSON.stringify(login) });
      const body = { report: 'ExtensionStatus', extension: '1000', status: 'Busy' };
      await fixture.hb.operator.json('POST', '/pbx/events', { body });
      await receiver.arrived(1);
      const move = { tenant: 'pbx/default', advance: '10s', freeze: true };
      await fixture.hb.operator.json('POST', '/clock', { body: move });
      const before = receiver.received.length;
      expect(before).toBeGreaterThan(1);
      await fixture.hb.reset('pbx/default');
      expect(await fixture.hb.store.ownClocks()).toEqual([]);
      await fixture.hb.operator.json('POST', '/clock', { body: { tenant: 'pbx/default', advance: '1h' } });
      expect(receiver.received).toHaveLength(before);
    } finally {
      await receiver.close();
    }
  });
});
