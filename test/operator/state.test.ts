/** The state of tenants over HTTP: read, replaced, reset to a seed, and kept as snapshots. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StateDocument } from '../../src/index.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';
import { startReceiver, status } from '../protocols/pbx/receiver.ts';

const tenant = 'presence/demo';
const seed: StateDocument = {
  tenants: {
    [tenant]: {
      leases: { lobby: { alice: { ttl: '5m', data: { mood: 'ü' } } } },
      documents: { notes: { a: { value: { b: [1, null] } }, z: { text: 'no JSON', remaining: 90_000 } } },
    },
  },
};

let hb: StartedHeartbeatd;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-state-'));
});
afterEach(async () => {
  await hb?.close();
  rmSync(folder, { recursive: true });
});

const start = async (options: Parameters<typeof startHeartbeatd>[0] = {}): Promise<void> => {
  hb = await startHeartbeatd(options);
  await hb.store.freezeClock();
};
const presence = async (
  path: string,
): Promise<{ readonly uuids?: readonly string[]; readonly t?: unknown }> =>
  (await fetch(`${hb.url}${path}`)).json() as never;
const enter = (uuid: string, channel = 'lobby') =>
  presence(`/v2/presence/sub-key/demo/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300`);
const uuids = async (channel = 'lobby'): Promise<readonly string[]> => [
  ...((await presence(`/v2/presence/sub-key/demo/channel/${channel}`)).uuids ?? []),
];
const refusal = (step: Promise<unknown>): Promise<string> =>
  step.then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('the state of tenants', () => {
  it('is one JSON document with sorted keys, the same for the same state', async () => {
    await start();
    for (const uuid of ['zoe', 'bob', 'ann']) await enter(uuid);
    await enter('ann', 'attic');
    const state = await hb.state();
    expect(Object.keys(state.tenants)).toEqual([tenant]);
    const { leases = {} } = state.tenants[tenant] ?? {};
    expect(Object.entries(leases).map(([group, holders]) => [group, Object.keys(holders)])).toEqual([
      ['attic', ['ann']],
      ['lobby', ['ann', 'bob', 'zoe']],
    ]);
    expect(leases.lobby?.bob).toMatchObject({ ttl: 300_000, remaining: 300_000, epoch: expect.any(Number) });
    expect(JSON.stringify(await hb.state())).toBe(JSON.stringify(state));
    expect(await hb.state('presence/other')).toEqual({ tenants: {} });
  });

  it('replaces what a tenant holds without an event, and leaves others alone', async () => {
    await start();
    await enter('ann');
    await hb.tenant('kept').presence.clock.freeze();
    const before = await hb.state();
    await enter('bob');
    const seen: string[] = [];
    hb.store.observe(({ type }) => seen.push(type));
    expect(await hb.replaceState({ tenants: { [tenant]: before.tenants[tenant] ?? {} } }, tenant)).toEqual({
      tenants: [tenant],
    });
    expect(await uuids()).toEqual(['ann']);
    expect(seen).toEqual([]);
    expect(await hb.state()).toEqual(before);
    await hb.replaceState(seed);
    expect(Object.keys((await hb.state()).tenants)).toEqual([tenant]);
    expect(await uuids()).toEqual(['alice']);
  });

  it('keeps texts and bytes exactly, whatever they are', async () => {
    await start();
    const payloads = ['{"b":1,"a":2}', '{ "a": 1 }', '12345678901234567890', 'null', '', '\u0000ü'];
    const bytes = [...payloads.map((text) => Buffer.from(text)), Buffer.from([255, 0, 254])];
    await hb.store.commit({
      tenant,
      writes: [...payloads, '"\\ud800"'].map((value, at) => ({
        collection: '__proto__',
        key: `${at}`,
        value,
      })),
      appends: bytes.map((payload) => ({ topic: 't', payload, keepEntries: 100 })),
    });
    const state = await hb.state();
    const read = async () => [
      await hb.store.listDocuments({ tenant, collection: '__proto__' }),
      (await hb.store.readTopics({ tenant, topics: [{ topic: 't', after: 0n }], limit: 100 })).map(
        ({ position, payload }) => [position, Buffer.from(payload).toString('base64')],
      ),
    ];
    const before = await read();
    await hb.reset();
    expect((await hb.state()).tenants).toEqual({});
    await hb.replaceState(state);
    expect(await read()).toEqual(before);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown member', { tenants: { [tenant]: { lease: {} } } }, /presence\/demo \/ lease/],
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
    expect(await refusal(hb.replaceState(wrong as StateDocument))).toMatch(message);
    expect(await uuids()).toEqual(['ann']);
    await hb.close();
    expect(await refusal(startHeartbeatd({ seed: wrong as StateDocument }))).toMatch(message);
  });

  it('of another tenant than the named one is refused', async () => {
    await start();
    const twice = await fetch(`${hb.url}/_heartbeatd/state?tenant=a&tenant=b`, {
      method: 'PUT',
      body: '{"tenants":{}}',
    });
    expect(twice.status).toBe(400);
    expect(await refusal(hb.replaceState(seed, 'presence/other'))).toMatch(/400.*which alone is replaced/);
  });
});

describe('a reset', () => {
  it('returns to the seed, and reports what is gone', async () => {
    await start({ seed });
    expect(await uuids()).toEqual(['alice']);
    await enter('bob');
    await enter('carol', 'attic');
    await hb.faults.add({ match: { tenant }, do: { status: 500 } });
    await hb.faults.add({ match: { tenant: 'presence/other' }, do: { status: 500 } });
    await hb.operator.json('POST', '/clock', { body: { tenant, advance: '1m', freeze: true } });
    expect(await hb.reset(tenant)).toEqual({
      tenants: [tenant],
      to: 'seed',
      removed: { leases: 3, documents: 2, topics: 0, faults: 1, requests: 3, actors: 0 },
    });
    expect(await uuids()).toEqual(['alice']);
    expect(await uuids('attic')).toEqual([]);
    expect((await hb.faults.list()).map(({ match }) => match)).toEqual([{ tenant: 'presence/other' }]);
    expect(await hb.store.readClock(tenant)).toMatchObject({ offsetMs: 0 });
    const [document] = await hb.store.readDocuments({
      tenant,
      documents: [{ collection: 'notes', key: 'a' }],
    });
    expect(document?.value).toBe('{"b":[1,null]}');
    const alice = await hb.store.read({ tenant, group: 'lobby', holder: 'alice' });
    expect(alice).toMatchObject({ ttlMs: 300_000, remainingMs: 300_000, data: '{"mood":"ü"}' });
  });

  it('to empty leaves nothing, and without a seed there is none to return to', async () => {
    await start({ seed });
    expect(await hb.reset(undefined, 'empty')).toMatchObject({ tenants: [tenant], to: 'empty' });
    expect(await hb.state()).toEqual({ tenants: {} });
    await hb.reset();
    expect(await uuids()).toEqual(['alice']);
    await hb.close();
    await start();
    expect(await refusal(hb.reset(undefined, 'seed'))).toMatch(/400 to: the server was given no seed/);
  });

  it('ends held polls, whose clients do not come back by that', async () => {
    await start();
    const held = presence('/v2/subscribe/demo/lobby/0?tt=1&uuid=bob&heartbeat=300');
    await expect.poll(async () => (await hb.journal.read()).entries.length, { interval: 5 }).toBe(1);
    await enter('ann');
    await hb.reset(tenant);
    expect(await held).toMatchObject({ t: { t: expect.any(String) } });
    expect(await uuids()).toEqual([]);
    expect((await hb.state()).tenants).toEqual({});
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
      await fetch(`${hb.url}/api/v1.1.0/login`, { method: 'POST', body: JSON.stringify(login) });
      const body = { report: 'ExtensionStatus', extension: '1000', status: 'Busy' };
      await hb.operator.json('POST', '/pbx/events', { body });
      await receiver.arrived(1);
      const move = { tenant: 'pbx/default', advance: '10s', freeze: true };
      await hb.operator.json('POST', '/clock', { body: move });
      const before = receiver.received.length;
      expect(before).toBeGreaterThan(1);
      await hb.reset('pbx/default');
      expect(await hb.store.ownClocks()).toEqual([]);
      await hb.operator.json('POST', '/clock', { body: { tenant: 'pbx/default', advance: '1h' } });
      expect(receiver.received).toHaveLength(before);
    } finally {
      await receiver.close();
    }
  });
});

describe('a snapshot', () => {
  it('brings back the tenants that it was taken of, and no others', async () => {
    await start();
    await enter('ann');
    const before = await hb.state();
    expect(await hb.snapshots.take('one', tenant)).toMatchObject({ name: 'one', tenant, tenants: [tenant] });
    await hb.snapshots.take('all');
    await enter('bob');
    const other = hb.tenant('other');
    await fetch(`${hb.url}/v2/presence/sub-key/other/channel/c/heartbeat?uuid=u&heartbeat=300`);
    await hb.snapshots.restore('one');
    expect(await uuids()).toEqual(['ann']);
    expect(Object.keys((await hb.state()).tenants)).toEqual([tenant, other.presence.tenant]);
    await hb.snapshots.restore('all');
    expect(await hb.state()).toEqual(before);
    expect((await hb.snapshots.list()).map(({ name }) => name)).toEqual(['all', 'one']);
    await hb.snapshots.remove('one');
    expect(await refusal(hb.snapshots.restore('one'))).toMatch(/404 no snapshot "one"/);
  });

  it('of one name too many is refused', async () => {
    await start();
    for (let at = 0; at < 100; at += 1) await hb.snapshots.take(`s${at}`);
    expect(await refusal(hb.snapshots.take('more'))).toMatch(/409/);
    expect(await hb.snapshots.take('s1')).toMatchObject({ name: 's1' });
  });
});

describe('a seed file', () => {
  it('is what an earlier server exported, and tenants that hold something are left alone', async () => {
    const file = join(folder, 'state.json');
    const settings = { exportOnExit: file, data: join(folder, 'data.db') };
    await start({ seed, settings });
    await enter('bob');
    await hb.close();
    const exported = JSON.parse(readFileSync(file, 'utf8')) as StateDocument;
    expect(Object.keys(exported.tenants[tenant]?.leases?.lobby ?? {})).toEqual(['alice', 'bob']);
    await start({ settings: { seed: file } });
    expect((await uuids()).toSorted()).toEqual(['alice', 'bob']);
    await hb.close();
    await start({ seed, settings });
    expect((await uuids()).toSorted()).toEqual(['alice', 'bob']);
  });

  it('may be a module; one that cannot be loaded is named', async () => {
    const file = join(folder, 'seed.mjs');
    writeFileSync(file, `export default ${JSON.stringify(seed)};`);
    await start({ settings: { seed: file } });
    expect(await uuids()).toEqual(['alice']);
    writeFileSync(join(folder, 'none.mjs'), 'export const other = 1;');
    writeFileSync(join(folder, 'bad.json'), '{');
    for (const name of ['none.mjs', 'bad.json', 'missing.json'])
      expect(await refusal(startHeartbeatd({ settings: { seed: join(folder, name) } }))).toMatch(
        `SEED: ${join(folder, name)}: `,
      );
  });
});
