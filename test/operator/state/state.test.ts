/** The state of tenants as a document, and snapshots of it. */
import { describe, expect, it } from 'vitest';
import type { StateDocument } from '../../../src/index.ts';
import { startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { refusal, seed, stateFixture, tenant } from './seeded.ts';

const fixture = stateFixture();
const { start, enter, uuids } = fixture;

describe('the state of tenants', () => {
  it('is one JSON document with sorted keys, the same for the same state', async () => {
    await start();
    for (const uuid of ['zoe', 'bob', 'ann']) await enter(uuid);
    await enter('ann', 'attic');
    const state = await fixture.hb.state();
    expect(Object.keys(state.tenants)).toEqual([tenant]);
    const { leases = {} } = state.tenants[tenant] ?? {};
    expect(Object.entries(leases).map(([group, holders]) => [group, Object.keys(holders)])).toEqual([
      ['attic', ['ann']],
      ['lobby', ['ann', 'bob', 'zoe']],
    ]);
    expect(leases.lobby?.bob).toMatchObject({ ttl: 300_000, remaining: 300_000, epoch: expect.any(Number) });
    expect(JSON.stringify(await fixture.hb.state())).toBe(JSON.stringify(state));
    expect(await fixture.hb.state('presence/other')).toEqual({ tenants: {} });
  });

  it('replaces what a tenant holds without an event, and leaves others alone', async () => {
    await start();
    await enter('ann');
    await fixture.hb.tenant('kept').presence.clock.freeze();
    const before = await fixture.hb.state();
    await enter('bob');
    const seen: string[] = [];
    fixture.hb.store.observe(({ type }) => seen.push(type));
    expect(
      await fixture.hb.replaceState({ tenants: { [tenant]: before.tenants[tenant] ?? {} } }, tenant),
    ).toEqual({
      tenants: [tenant],
    });
    expect(await uuids()).toEqual(['ann']);
    expect(seen).toEqual([]);
    expect(await fixture.hb.state()).toEqual(before);
    await fixture.hb.replaceState(seed);
    expect(Object.keys((await fixture.hb.state()).tenants)).toEqual([tenant]);
    expect(await uuids()).toEqual(['alice']);
  });

  it('keeps texts and bytes exactly, whatever they are', async () => {
    await start();
    const payloads = ['{"b":1,"a":2}', '{ "a": 1 }', '12345678901234567890', 'null', '', '\u0000ü'];
    const bytes = [...payloads.map((text) => Buffer.from(text)), Buffer.from([255, 0, 254])];
    await fixture.hb.store.commit({
      tenant,
      writes: [...payloads, '"\\ud800"'].map((value, at) => ({
        collection: '__proto__',
        key: `${at}`,
        value,
      })),
      appends: bytes.map((payload) => ({ topic: 't', payload, keepEntries: 100 })),
    });
    const state = await fixture.hb.state();
    const read = async () => [
      await fixture.hb.store.listDocuments({ tenant, collection: '__proto__' }),
      (await fixture.hb.store.readTopics({ tenant, topics: [{ topic: 't', after: 0n }], limit: 100 })).map(
        ({ position, payload }) => [position, Buffer.from(payload).toString('base64')],
      ),
    ];
    const before = await read();
    await fixture.hb.reset();
    expect((await fixture.hb.state()).tenants).toEqual({});
    await fixture.hb.replaceState(state);
    expect(await read()).toEqual(before);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'an unknown member',
      { tenants: { [tenant]: { lease: {} } } },
      /presence\/demo: unknown name "lease"; did you mean "leases"\?/,
    ],
    ['no tenants', {}, /tenants/],
    ['a tenant of no protocol', { tenants: { 'presense/x': {} } }, /did you mean "presence"/],
    [
      'a duration that is none',
      { tenants: { [tenant]: { leases: { g: { h: { ttl: 'soon' } } } } } },
      /leases \/ g \/ h \/ ttl/,
    ],
    [
      'a document with two contents',
      { tenants: { [tenant]: { documents: { c: { k: { value: 1, text: '1' } } } } } },
      /documents \/ c \/ k: has two contents/,
    ],
    [
      'a document without one',
      { tenants: { [tenant]: { documents: { c: { k: {} } } } } },
      /c \/ k: has neither/,
    ],
    [
      'a clock after the last date',
      { tenants: { [tenant]: { clock: { offset: 1e13 } } } },
      /dates from 1970/,
    ],
    [
      'positions that fall',
      {
        tenants: {
          [tenant]: {
            topics: {
              t: {
                entries: [
                  { position: '2', text: '' },
                  { position: '1', text: '' },
                ],
              },
            },
          },
        },
      },
      /topic "t": positions must rise/,
    ],
  ])('refuses %s, names it, and changes nothing', async (_, wrong, message) => {
    await start();
    await enter('ann');
    expect(await refusal(fixture.hb.replaceState(wrong as StateDocument))).toMatch(message);
    expect(await uuids()).toEqual(['ann']);
    await fixture.hb.close();
    expect(await refusal(startHeartbeatd({ seed: wrong as StateDocument }))).toMatch(message);
  });

  it('of another tenant than the named one is refused', async () => {
    await start();
    const twice = await fetch(`${fixture.hb.url}/_heartbeatd/state?tenant=a&tenant=b`, {
      method: 'PUT',
      body: '{"tenants":{}}',
    });
    expect(twice.status).toBe(400);
    expect(await refusal(fixture.hb.replaceState(seed, 'presence/other'))).toMatch(
      /400.*which alone is replaced/,
    );
  });
});

describe('a snapshot', () => {
  it('brings back the tenants that it was taken of, and no others', async () => {
    await start();
    await enter('ann');
    const before = await fixture.hb.state();
    expect(await fixture.hb.snapshots.take('one', tenant)).toMatchObject({
      name: 'one',
      tenant,
      tenants: [tenant],
    });
    await fixture.hb.snapshots.take('all');
    await enter('bob');
    const other = fixture.hb.tenant('other');
    await fetch(`${fixture.hb.url}/v2/presence/sub-key/other/channel/c/heartbeat?uuid=u&heartbeat=300`);
    await fixture.hb.snapshots.restore('one');
    expect(await uuids()).toEqual(['ann']);
    expect(Object.keys((await fixture.hb.state()).tenants)).toEqual([tenant, other.presence.tenant]);
    await fixture.hb.snapshots.restore('all');
    expect(await fixture.hb.state()).toEqual(before);
    expect((await fixture.hb.snapshots.list()).map(({ name }) => name)).toEqual(['all', 'one']);
    await fixture.hb.snapshots.remove('one');
    expect(await refusal(fixture.hb.snapshots.restore('one'))).toMatch(/404 no snapshot "one"/);
  });

  it('of one name too many is refused', async () => {
    await start();
    for (let at = 0; at < 100; at += 1) await fixture.hb.snapshots.take(`s${at}`);
    expect(await refusal(fixture.hb.snapshots.take('more'))).toMatch(/409/);
    expect(await fixture.hb.snapshots.take('s1')).toMatchObject({ name: 's1' });
  });
});
