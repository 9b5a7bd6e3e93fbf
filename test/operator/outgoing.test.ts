/** What the server sends to applications: in the journal, in the events, and under faults. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver, status } from '../protocols/pbx/receiver.ts';
import { type StartedApp, startApp } from '../start-app.ts';

const maxAttempts = 3;

let started: StartedApp;
let receiver: Receiver;
let token: string;
beforeEach(async () => {
  started = await startApp({ pbxReportAttempts: maxAttempts });
  await started.store.freezeClock();
  receiver = await startReceiver();
  const payload = { username: 'api', password: 'x', port: receiver.port, version: '1.0.2' };
  const login = await started.app.inject({ method: 'POST', url: '/api/v1.1.0/login', payload });
  token = login.json().token;
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

const operator = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
  started.app.inject({ method, url: `/_heartbeatd${path}`, ...(payload === undefined ? {} : { payload }) });
const report = async (extension: string) => {
  const body = { report: 'ExtensionStatus', extension, status: 'Busy' };
  expect((await operator('POST', '/pbx/events', body)).statusCode).toBe(202);
};
const inject = async (fault: object): Promise<string> => {
  const added = await operator('POST', '/faults', fault);
  expect(added.statusCode).toBe(200);
  return added.json().id;
};
const sent = async (count: number) => {
  const verdict = await operator('POST', '/verify', {
    match: { direction: 'out' },
    times: { atLeast: count },
    within: '30s',
  });
  return verdict.json().entries;
};
const events = async (type: string, count = 1) => {
  const verdict = await operator('POST', '/verify', {
    of: 'events',
    match: { type },
    times: { atLeast: count },
    within: '30s',
  });
  return verdict.json().entries;
};
const extensions = () => receiver.bodies().map((body) => JSON.parse(body).extension);
const out = { direction: 'out' };

describe('a report that the server delivers', () => {
  it('is an entry of the journal, with the reply of the application', async () => {
    await report('1000');
    await events('report.delivered');
    expect(await sent(1)).toMatchObject([
      {
        direction: 'out',
        state: 'answered',
        protocol: 'pbx',
        operation: 'ExtensionStatus',
        tenant: 'pbx/default',
        group: 'api',
        holder: token,
        client: null,
        request: { method: 'POST', url: `http://127.0.0.1:${receiver.port}/`, body: { extension: '1000' } },
        reply: { status: 200 },
        fault: null,
      },
    ]);
    for (const format of ['har', 'curl', 'ndjson'])
      expect((await operator('GET', `/journal?direction=out&format=${format}`)).body).toContain('1000');
  });

  it('is told in events: queued, attempted, delivered', async () => {
    await report('1000');
    await events('report.delivered');
    const told = await events('report.*', 3);
    expect(told).toMatchObject([
      { type: 'report.queued', report: 'ExtensionStatus' },
      { type: 'report.attempt', group: 'api', holder: token, verdict: 'delivered', result: 'status 200' },
      { type: 'report.delivered', group: 'api', holder: token },
    ]);
  });

  it('is an entry for each attempt, until it is dead', async () => {
    receiver.answer = status(500);
    await report('1000');
    for (let times = 1; times < maxAttempts; times += 1) {
      await sent(times);
      await operator('POST', '/clock', { advance: '40s' });
    }
    const [dead] = await events('report.dead');
    expect(dead).toMatchObject({ group: 'api', reason: 'status 500' });
    const statuses = (await sent(maxAttempts)).map(
      ({ reply }: { reply: { status: number } }) => reply.status,
    );
    expect(statuses).toEqual(Array.from({ length: maxAttempts }, () => 500));
  });

  it('that no application answers has the reason as a note', async () => {
    await receiver.close();
    await report('1000');
    await events('report.attempt');
    expect(await sent(1)).toMatchObject([
      { state: 'aborted', reply: null, notes: [expect.stringContaining('ECONNREFUSED')] },
    ]);
  });
});

describe('a fault on what the server sends', () => {
  it('loses one report, which counts as delivered', async () => {
    const id = await inject({ match: { operation: 'ExtensionStatus' }, do: { lose: true } });
    await report('1000');
    await report('1001');
    await events('report.delivered', 2);
    expect(extensions()).toEqual(['1001']);
    expect(await sent(2)).toMatchObject([
      { state: 'dropped', fault: id, request: { body: { extension: '1000' } } },
      { state: 'answered', fault: null },
    ]);
    expect(await events('fault.fired')).toMatchObject([{ fault: id, operation: 'ExtensionStatus' }]);
  });

  it('sends a report more than once', async () => {
    const id = await inject({ match: out, do: { repeat: 2 } });
    await report('1000');
    await report('1001');
    await events('report.delivered', 2);
    expect(extensions()).toEqual(['1000', '1000', '1001']);
    expect((await sent(3)).map(({ fault }: { fault: string | null }) => fault)).toEqual([id, id, null]);
  });

  it('sends a report after the next one', async () => {
    await inject({ match: out, when: { count: 'all' }, do: { swapWithNext: true } });
    for (const extension of ['1000', '1001', '1002', '1003']) await report(extension);
    await receiver.arrived(4);
    expect(extensions()).toEqual(['1001', '1000', '1003', '1002']);
  });

  it('sends what waits for a next one when it is released', async () => {
    const id = await inject({ match: out, do: { swapWithNext: true } });
    await report('1000');
    await events('report.delivered');
    expect(extensions()).toEqual([]);
    expect((await operator('POST', `/faults/${id}/release`)).json()).toEqual({ count: 1 });
    await receiver.arrived(1);
    expect(extensions()).toEqual(['1000']);
  });

  it('delays a report, and the order stays', async () => {
    await inject({ match: out, do: { delay: 20 } });
    await report('1000');
    await report('1001');
    await receiver.arrived(2);
    expect(extensions()).toEqual(['1000', '1001']);
    expect((await sent(2))[0].fault).not.toBeNull();
  });

  it('does not keep the server from stopping', async () => {
    await inject({ match: out, do: { delay: '1h' } });
    await report('1000');
    await events('fault.fired');
    await started.app.close();
    expect(extensions()).toEqual([]);
  });

  it.each([
    [{ drop: 'before' }, []],
    [{ drop: 'after' }, ['1000']],
    [{ status: 500 }, []],
  ] as const)('%j has the report sent again', async (effect, arrived) => {
    await inject({ match: out, do: effect });
    await report('1000');
    await events('report.attempt');
    expect(extensions()).toEqual(arrived);
    await operator('POST', '/clock', { advance: '10s' });
    await events('report.delivered');
    expect(extensions()).toEqual([...arrived, '1000']);
  });

  it('is on nothing else: requests pass by a rule for what is sent, and the other way round', async () => {
    await inject({ match: out, when: { count: 'all' }, do: { status: 500 } });
    const beat = await started.app.inject({ method: 'POST', url: `/api/v1.1.0/heartbeat?token=${token}` });
    expect(beat.json()).toMatchObject({ status: 'Success' });
    await operator('DELETE', '/faults');
    await inject({ when: { count: 'all' }, do: { error: '20010' } });
    await report('1000');
    await receiver.arrived(1);
  });

  it.each([
    [{ match: { direction: 'in' }, do: { lose: true } }, 'direction out'],
    [{ match: out, do: { truncate: 0.5 } }, 'truncate is for requests'],
    [{ match: { direction: 'out', status: 200 }, do: { lose: true } }, 'cannot match the reply'],
    [{ do: { lose: true, repeat: 2 } }, 'exclude each other'],
    [{ do: { lose: true }, when: { for: '1m', clock: 'lease' } }, 'when.clock'],
  ])('%j is refused', async (fault, message) => {
    const refused = await operator('POST', '/faults', fault);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toContain(message);
  });
});

it('a rule ends by the lease clock of its tenant', async () => {
  await inject({
    match: { tenant: 'pbx/default', operation: 'PbxHeartbeat' },
    when: { count: 'all', for: '1m', clock: 'lease' },
    do: { error: '20010' },
  });
  const beat = async () =>
    (await started.app.inject({ method: 'POST', url: `/api/v1.1.0/heartbeat?token=${token}` })).json().status;
  expect(await beat()).toBe('Failed');
  await operator('POST', '/clock', { advance: '1m' });
  expect(await beat()).toBe('Success');
});
