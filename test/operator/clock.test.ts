/** The clocks of tenants, over HTTP: moved step by step, with everything that follows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok, startReceiver, status } from '../protocols/pbx/receiver.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ slsAutoCreate: true });
  await started.store.freezeClock();
});
afterEach(() => started.close());

const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, headers = {}) => {
  const answer = await started.app.inject({
    method,
    url,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, json: answer.body === '' ? undefined : JSON.parse(answer.body) };
};
const clock = (body: object) => call('POST', '/_heartbeatd/clock', body);
const move = async (body: object) => {
  const { status: code, json } = await clock(body);
  expect([code, json]).toEqual([200, expect.anything()]);
  return json;
};
const read = async (tenant?: string) =>
  (await call('GET', `/_heartbeatd/clock${tenant === undefined ? '' : `?tenant=${tenant}`}`)).json;
const enter = (key: string, channel: string, uuid: string, seconds = 300) =>
  call('GET', `/v2/presence/sub-key/${key}/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=${seconds}`);
const occupancy = async (key: string, channel: string): Promise<number> =>
  (await call('GET', `/v2/presence/sub-key/${key}/channel/${channel}`)).json.occupancy;
const login = async (callback: string): Promise<string> => {
  const { hostname, port, pathname } = new URL(callback);
  const body = { username: 'api', password: 'x', ipaddr: hostname, port, url: pathname.slice(1) };
  return (await call('POST', '/api/v1.1.0/login', body)).json.token;
};
const firedBy = ({ fired }: { fired: { holder: string }[] }): string[] => fired.map(({ holder }) => holder);

describe('the clock of one tenant', () => {
  it('is advanced alone, and tells what expired in the order of the deadlines', async () => {
    for (const key of ['mine', 'other']) {
      await enter(key, 'lobby', 'bob', 300);
      await enter(key, 'lobby', 'ann', 60);
    }
    const before = await read('presence/mine');
    const moved = await move({ tenant: 'presence/mine', advance: '10m' });
    expect(firedBy(moved)).toEqual(['ann', 'bob']);
    expect(moved).toMatchObject({ advancedMs: 600_000, settled: true });
    expect(moved.clock).toMatchObject({
      tenant: 'presence/mine',
      offsetMs: 600_000,
      frozen: true,
      leaseMs: before.leaseMs + 600_000,
      dateMs: before.dateMs + 600_000,
    });
    expect(moved.fired[0]).toEqual({
      leaseMs: before.leaseMs + 60_000,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      date: new Date(before.dateMs + 60_000).toISOString(),
      type: 'lease.expired',
      protocol: 'presence',
      tenant: 'presence/mine',
      group: 'lobby',
      holder: 'ann',
      epoch: expect.any(Number),
    });
    expect([await occupancy('mine', 'lobby'), await occupancy('other', 'lobby')]).toEqual([0, 2]);
    expect((await read()).tenants).toEqual([expect.objectContaining({ tenant: 'presence/mine' })]);
  });

  it('is frozen and thawed alone, and follows the others again after DELETE', async () => {
    await started.store.thawClock();
    await move({ tenant: 'presence/mine', freeze: true, advance: 1_000 });
    expect(await read('presence/mine')).toMatchObject({ frozen: true });
    expect(await read('presence/other')).toMatchObject({ frozen: false, offsetMs: 0 });
    expect(await read()).toMatchObject({ frozen: false });
    expect((await move({ tenant: 'presence/mine', freeze: false })).clock.frozen).toBe(false);
    const { json } = await call('DELETE', '/_heartbeatd/clock?tenant=presence/mine');
    expect(json.clock).toMatchObject({ tenant: 'presence/mine', frozen: false, offsetMs: 0 });
    expect((await read()).tenants).toEqual([]);
  });

  it('is dropped by a reset of the tenant, and by one of all tenants', async () => {
    await enter('mine', 'lobby', 'ann');
    for (const key of ['mine', 'other', 'third'])
      await move({ tenant: `presence/${key}`, freeze: true, advance: 5_000 });
    await call('POST', '/_heartbeatd/reset', { tenant: 'presence/mine' });
    const tenants = async (): Promise<string[]> =>
      (await read()).tenants.map(({ tenant }: { tenant: string }) => tenant);
    expect(await tenants()).toEqual(['presence/other', 'presence/third']);
    await call('POST', '/_heartbeatd/reset');
    expect(await tenants()).toEqual([]);
    expect(await read()).toMatchObject({ frozen: false });
  });

  it('is moved with those of all tenants of its protocol', async () => {
    await enter('mine', 'lobby', 'ann', 60);
    await enter('other', 'lobby', 'bob', 60);
    const moved = await move({ protocol: 'presence', advance: '1m' });
    expect(firedBy(moved).sort()).toEqual(['ann', 'bob']);
    expect(await read('sls/project')).toMatchObject({ offsetMs: 0 });
    expect(await clock({ protocol: 'pbx', advance: '1m' })).toMatchObject({ status: 400 });
  });
});

describe('an advance', () => {
  it('lets a poll that is held hear of each deadline before time goes on', async () => {
    await enter('demo', 'lobby', 'bob', 60);
    const url = (tt: string) => `/v2/subscribe/demo/lobby-pnpres/0?tt=${tt}&heartbeat=300&uuid=alice`;
    const first = (await call('GET', url('0'))).json;
    const heard: string[] = [];
    const listen = async (): Promise<void> => {
      for (let tt = first.t.t; heard.length < 2; ) {
        const { t, m } = (await call('GET', url(tt))).json;
        heard.push(...m.map(({ d }: { d: { action: string; uuid: string } }) => `${d.action} ${d.uuid}`));
        tt = t.t;
      }
    };
    const listening = listen();
    await enter('demo', 'lobby', 'cid', 120);
    const moved = await move({ tenant: 'presence/demo', advance: '3m' });
    await listening;
    expect(firedBy(moved)).toEqual(['bob', 'cid']);
    expect(heard).toContain('timeout bob');
  });

  it('keeps holders alive that are told to beat, while their neighbours die', async () => {
    const project = { host: 'my-project.cn-hangzhou.log.aliyuncs.com' };
    const beat = (consumer: string, held: number[]) =>
      call(
        'POST',
        `/logstores/store/consumergroups/cg?type=heartbeat&consumer=${consumer}`,
        held as unknown as object,
        project,
      );
    await call(
      'POST',
      '/logstores/store/consumergroups',
      { consumerGroup: 'cg', timeout: 60, order: false },
      project,
    );
    expect((await beat('c1', [])).json).toEqual([0, 1]);
    await beat('c2', []);
    await beat('c1', [0, 1]);
    const moved = await move({ tenant: 'sls/my-project', advance: '3m', beating: [{ holder: 'c2' }] });
    expect(firedBy(moved)).toEqual(['c1']);
    expect((await beat('c2', [])).json).toEqual([0, 1]);
  });

  it('ends a token after thirty quiet minutes while another application keeps beating', async () => {
    const [quiet, busy] = [await login('http://127.0.0.1:9/quiet'), await login('http://127.0.0.1:9/busy')];
    const moved = await move({ tenant: 'pbx/default', advance: '31m', beating: [{ holder: busy }] });
    expect(firedBy(moved)).toEqual([quiet]);
    const beat = (token: string) => call('POST', `/api/v1.1.0/heartbeat?token=${token}`);
    expect((await beat(busy)).json).toMatchObject({ status: 'Success' });
    expect((await beat(quiet)).json).toMatchObject({ errno: '20004' });
    const device = await call('POST', `/api/v1.1.0/deviceinfo/query?token=${busy}`);
    const date = new Date(moved.clock.dateMs).toISOString().slice(0, 19).replace('T', ' ');
    expect(device.json.deviceinfo).toMatchObject({ systemtime: `${date} UTC+0` });
  });

  it.each([
    ['a value', { mood: 'fine' }, ['cid', 'dan', 'eve']],
    ['a number at a path', { 'seat.row': 2 }, ['bob', 'dan', 'eve']],
    ['a pattern', { mood: { matches: 'f*' } }, ['dan', 'eve']],
    ['a member that is absent', { mood: { absent: true }, 'seat.row': 3 }, ['bob', 'cid', 'dan']],
    ['what no lease carries', { mood: 'mad' }, ['bob', 'cid', 'dan', 'eve']],
  ])('keeps those beating whose leases carry %s', async (_, body, expired) => {
    const states = {
      bob: { mood: 'fine', seat: { row: 1 } },
      cid: { mood: 'foul', seat: { row: 2 } },
      dan: { mood: 'sad' },
      eve: { seat: { row: 3 } },
    };
    for (const [uuid, state] of Object.entries(states)) {
      const given = encodeURIComponent(JSON.stringify({ lobby: state }));
      const url = `/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=60&state=${given}`;
      expect((await call('GET', url)).status).toBe(200);
    }
    const moved = await move({ tenant: 'presence/demo', advance: '3m', beating: [{ body }] });
    expect(firedBy(moved).toSorted()).toEqual(expired);
  });

  it('keeps those beating that match any of several selectors, each as a whole', async () => {
    for (const [uuid, mood] of Object.entries({ bob: 'fine', cid: 'fine', dan: 'sad' })) {
      const state = encodeURIComponent(JSON.stringify({ lobby: { mood } }));
      await call(
        'GET',
        `/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=60&state=${state}`,
      );
    }
    const beating = [
      { holder: 'bob', body: { mood: 'fine' } },
      { holder: 'dan', body: { mood: 'fine' } },
    ];
    expect(firedBy(await move({ tenant: 'presence/demo', advance: '3m', beating })).toSorted()).toEqual([
      'cid',
      'dan',
    ]);
  });

  it('waits for the attempts that fall due, each before time goes on', async () => {
    const receiver = await startReceiver();
    try {
      receiver.answer = (_, count) => (count < 4 ? status(500) : ok);
      await login(`http://127.0.0.1:${receiver.port}/`);
      await call('POST', '/_heartbeatd/pbx/events', {
        report: 'ExtensionStatus',
        extension: '1000',
        status: 'Busy',
      });
      await receiver.arrived(1);
      const { settled } = await move({ tenant: 'pbx/default', advance: '60s' });
      expect(settled).toBe(true);
      expect(receiver.received).toHaveLength(4);
    } finally {
      await receiver.close();
    }
  });

  it('ends at the first event that is waited for', async () => {
    await enter('demo', 'lobby', 'ann', 60);
    await enter('demo', 'lobby', 'bob', 120);
    await enter('demo', 'lobby', 'cid', 180);
    const moved = await move({
      tenant: 'presence/demo',
      advance: '1h',
      until: { type: 'lease.expired', holder: 'bob' },
    });
    expect(firedBy(moved)).toEqual(['ann', 'bob']);
    expect(moved.advancedMs).toBe(120_000);
    expect(await occupancy('demo', 'lobby')).toBe(1);
  });

  it('goes over as many deadlines as asked, and nowhere without one', async () => {
    for (const [uuid, seconds] of [
      ['ann', 60],
      ['bob', 120],
      ['cid', 180],
    ] as const)
      await enter('demo', 'lobby', uuid, seconds);
    const moved = await move({ tenant: 'presence/demo', toNext: 2 });
    expect(firedBy(moved)).toEqual(['ann', 'bob']);
    expect(moved.advancedMs).toBe(120_000);
    expect(firedBy(await move({ tenant: 'presence/demo', toNext: 1, beating: [{ holder: 'cid' }] }))).toEqual(
      [],
    );
    expect(await move({ tenant: 'presence/none', toNext: 3 })).toMatchObject({ fired: [], advancedMs: 0 });
  });

  it('goes to a date, and never back', async () => {
    const { dateMs } = await read('presence/demo');
    const later = new Date(dateMs + 90_000).toISOString();
    expect((await move({ tenant: 'presence/demo', advanceTo: later })).clock.dateMs).toBe(dateMs + 90_000);
    const back = await clock({ tenant: 'presence/demo', advanceTo: new Date(dateMs).toISOString() });
    expect(back).toMatchObject({ status: 400, json: { error: expect.stringContaining('does not go back') } });
    expect((await move({ tenant: 'presence/demo', advanceTo: dateMs + 90_001 })).advancedMs).toBe(1);
    expect(await clock({ advanceTo: 'soon' })).toMatchObject({ status: 400 });
  });

  it('that is tried only tells what would expire and changes nothing', async () => {
    await enter('demo', 'lobby', 'ann', 60);
    await enter('demo', 'lobby', 'bob', 120);
    await enter('demo', 'lobby', 'cid', 60);
    const before = await read('presence/demo');
    const ask = { tenant: 'presence/demo', advance: '100s', beating: [{ holder: 'cid' }], dryRun: true };
    expect(firedBy(await move(ask))).toEqual(['ann']);
    expect(firedBy(await move({ tenant: 'presence/demo', toNext: 9, dryRun: true }))).toHaveLength(3);
    const { wallMs: _, ...after } = await read('presence/demo');
    expect(before).toMatchObject(after);
    expect(await occupancy('demo', 'lobby')).toBe(3);
  });

  it('of all tenants moves those with a clock of their own as well, but not those that are frozen', async () => {
    for (const key of ['ahead', 'frozen', 'plain']) await enter(key, 'lobby', key, 300);
    await move({ tenant: 'presence/ahead', advance: '1m' });
    await move({ tenant: 'presence/frozen', freeze: true });
    expect(firedBy(await move({ advance: '5m' }))).toEqual(['ahead', 'plain']);
    expect(await occupancy('frozen', 'lobby')).toBe(1);
  });

  it.each([
    [{ tenant: 'presence/a', protocol: 'presence', advance: 1 }, 'exclude each other'],
    [{ advance: 1, toNext: 1 }, 'exclude each other'],
    [{ tenant: 'presence/a' }, 'is missing'],
    [{ advance: '5 minutes' }, 'advance'],
    [{ advance: 1, until: { typ: 'x' } }, 'until'],
    [{ advance: 1, beating: [{ holdr: 'x' }] }, 'beating'],
    [{ advence: 1 }, 'advance'],
    [{ tenant: 'presence/a', advance: '900000d' }, '2200'],
    [{ toNext: 0 }, 'toNext'],
  ])('refuses %j', async (body, reason) => {
    const { status: code, json } = await clock(body);
    expect([code, json.error]).toEqual([400, expect.stringContaining(reason)]);
  });
});
