/** What became of each report at each application, with its attempts, and replays of any of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { ok, type Receiver, startReceiver, status } from '../receiver.ts';

let started: StartedApp;
let receiver: Receiver;
beforeEach(async () => {
  started = await startApp({ pbxReportAttempts: 2 });
  await started.store.freezeClock();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

type Json = Record<string, unknown>;
const post = async (url: string, payload: object = {}): Promise<Json> => {
  const answer = await started.app.inject({ method: 'POST', url, payload });
  return { ...answer.json(), code: answer.statusCode };
};
const login = async (username = 'api', change: object = {}): Promise<string> => {
  const fields = { username, password: 'x', port: receiver.port, url: username, version: '2.0.0' };
  return String((await post('/api/v2.0.0/login', { ...fields, ...change })).token);
};
const sms = (smsid: string) =>
  post('/_heartbeatd/pbx/events', { report: 'SmsSend', status: 'Success', smsid });
const page = async (query = ''): Promise<{ reports: Json[]; next: string | null }> =>
  (await started.app.inject(`/_heartbeatd/pbx/reports?${query}`)).json();
const reports = async (query = ''): Promise<Json[]> => (await page(query)).reports;
const states = async (): Promise<unknown[]> => (await reports('order=oldest')).map(({ state }) => state);

describe('the report log', () => {
  it('holds a delivered report with the body that was sent, and the attempt with its reply', async () => {
    receiver.answer = ok;
    const token = await login();
    await sms('1');
    await expect.poll(states).toEqual(['delivered']);
    const [report] = await reports();
    expect(report).toEqual({
      id: expect.stringMatching(/^000000000001-/),
      state: 'delivered',
      tenant: 'pbx/default',
      user: 'api',
      token,
      url: `http://127.0.0.1:${receiver.port}/api`,
      report: 'SmsSend',
      position: 1,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      body: receiver.bodies()[0],
      attempts: [
        {
          at: expect.stringMatching(/^\d{4}-.*Z$/),
          token,
          url: `http://127.0.0.1:${receiver.port}/api`,
          address: '127.0.0.1',
          outcome: 'status 200',
          verdict: 'delivered',
          status: 200,
          reply: 'ok',
        },
      ],
    });
  });

  it('tells waiting from retried, dead and dropped reports, and when the next attempt is due', async () => {
    receiver.answer = ({ body }) => (body.includes('"refused"') ? status(404) : status(500));
    const token = await login();
    await sms('refused');
    await sms('later');
    await expect.poll(states).toEqual(['retrying', 'waiting']);
    await expect.poll(async () => (await reports('state=waiting'))[0]?.attempts).toHaveLength(1);
    const [retrying] = await reports('state=retrying');
    expect(retrying).toMatchObject({
      attempts: [{ verdict: 'declined', outcome: 'status 404', status: 404 }],
      nextInMs: expect.any(Number),
    });
    expect(retrying?.nextInMs).toBeGreaterThan(0);
    expect((await reports('state=waiting'))[0]?.nextInMs).toBeGreaterThan(0);
    await started.store.advanceClock(5_000);
    await expect.poll(states).toEqual(['dead', 'dead']);
    await sms('never');
    await started.store.advanceClock(5_000);
    await expect.poll(async () => (await reports('state=waiting'))[0]?.attempts).toHaveLength(1);
    await post(`/api/v2.0.0/logout?token=${token}`);
    await expect.poll(states).toEqual(['dead', 'dead', 'dropped']);
  });

  it('holds ten attempts in a row at an application that stays away', async () => {
    await receiver.close();
    await login();
    await sms('1');
    const outcome = async (): Promise<unknown> =>
      ((await started.app.inject('/_heartbeatd/pbx/deliveries')).json() as { deliveries: Json[] })
        .deliveries[0]?.nextInMs;
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await expect.poll(outcome).toBeGreaterThan(0);
      await started.store.advanceClock(40_000);
    }
    await expect.poll(outcome).toBeGreaterThan(0);
    expect((await reports())[0]?.attempts).toHaveLength(10);
  });

  it('is read in pages, newest first, and by user and token', async () => {
    const first = await login('one');
    await login('two');
    for (const smsid of ['1', '2', '3']) await sms(smsid);
    await expect.poll(states).toEqual(Array(6).fill('delivered'));
    const ids = (await reports('order=oldest')).map(({ id }) => id);
    const newest = await page('limit=4');
    expect(newest.reports.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 4));
    const rest = await page(`limit=4&after=${newest.next}`);
    expect(rest.reports.map(({ id }) => id)).toEqual(ids.toReversed().slice(4));
    expect(rest.next).toBeNull();
    expect((await reports('user=two')).map(({ user }) => user)).toEqual(['two', 'two', 'two']);
    expect((await reports(`token=${first}`)).map(({ user }) => user)).toEqual(['one', 'one', 'one']);
    expect(await page('state=lost')).toMatchObject({ error: expect.stringContaining('state') });
  });
});

describe('a replay', () => {
  const replay = (id: unknown) => post(`/_heartbeatd/pbx/reports/${id}/replay`);

  it('sends a delivered report and a dead letter again, byte for byte, and logs the attempts', async () => {
    await login();
    await sms('1');
    await expect.poll(states).toEqual(['delivered']);
    receiver.answer = status(404);
    await sms('2');
    await expect.poll(states).toEqual(['delivered', 'retrying']);
    await started.store.advanceClock(5_000);
    await expect.poll(states).toEqual(['delivered', 'dead']);
    receiver.answer = ok;
    const sent = receiver.bodies().slice(0, 2);
    for (const { id } of await reports('order=oldest'))
      expect(await replay(id)).toEqual({ replayed: id, code: 202 });
    await receiver.arrived(5);
    expect(receiver.bodies().slice(3).sort()).toEqual(sent.sort());
    await expect.poll(states).toEqual(['delivered', 'delivered']);
    expect((await reports('order=oldest')).map(({ attempts }) => (attempts as Json[]).length)).toEqual([
      2, 3,
    ]);
  });

  it('is refused for a report that is unknown, that is still sent, or whose user has no token', async () => {
    expect(await replay('1-x')).toMatchObject({ code: 404 });
    const token = await login();
    await sms('1');
    await expect.poll(states).toEqual(['delivered']);
    receiver.answer = status(500);
    await sms('2');
    await expect.poll(states).toEqual(['delivered', 'waiting']);
    const [waiting, delivered] = await reports();
    expect(await replay(waiting?.id)).toMatchObject({
      code: 409,
      error: expect.stringContaining('not finished'),
    });
    await post(`/api/v2.0.0/logout?token=${token}`);
    expect(await replay(delivered?.id)).toMatchObject({
      code: 409,
      error: expect.stringContaining('log in'),
    });
  });
});
