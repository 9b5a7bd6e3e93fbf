/** Retries, order, dead letters, and applications that move, stop or return. */
import { describe, expect, it } from 'vitest';
import { ok, status } from '../receiver.ts';
import { busy, busyBody, deliveryFixture, minutes, seconds, tenant } from './application.ts';

const fixture = deliveryFixture();
const { restart, receiveAgain, post, get, login, beat, report, deliveries, lastOutcome } = fixture;

describe('delivery', () => {
  it('repeats a report without a 200 byte for byte after 1, 2, 4, 8, 16, 30, 30 seconds', async () => {
    await login();
    fixture.receiver.answer = status(503);
    await report(busy('1000'));
    let count = 1;
    await fixture.receiver.arrived(count);
    for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
      await expect.poll(async () => (await deliveries())[0]?.attempts).toBe(count);
      await fixture.started.store.advanceClock(pause * seconds - 1);
      expect(fixture.receiver.received).toHaveLength(count);
      await fixture.started.store.advanceClock(1);
      count += 1;
      await fixture.receiver.arrived(count);
    }
    expect(new Set(fixture.receiver.received.map(({ raw }) => raw)).size).toBe(1);
  });

  it('keeps the order while the application is in trouble', async () => {
    await login();
    fixture.receiver.answer = (_received, count) => (count === 1 ? status(500) : ok);
    await report([busy('1'), busy('2'), busy('3')]);
    await fixture.receiver.arrived(1);
    await lastOutcome(/500/);
    await fixture.started.store.advanceClock(1 * seconds);
    await fixture.receiver.arrived(4);
    expect(fixture.receiver.bodies()).toEqual(['1', '1', '2', '3'].map(busyBody));
  });

  it('retries a report that the application refuses beside the others', async () => {
    await login();
    let refuses = true;
    fixture.receiver.answer = ({ body }) => (refuses && body === busyBody('2') ? status(400) : ok);
    await report([busy('1'), busy('2'), busy('3')]);
    await fixture.receiver.arrived(3);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    refuses = false;
    await fixture.started.store.advanceClock(1 * seconds);
    await fixture.receiver.arrived(4);
    expect(fixture.receiver.bodies()).toEqual(['1', '2', '3', '2'].map(busyBody));
  });

  it('moves a report to the dead letters after ten attempts, where it can be read and replayed', async () => {
    await login();
    fixture.receiver.answer = status(400);
    await report(busy('1'));
    for (let count = 1; count < 10; count += 1) {
      await fixture.receiver.arrived(count);
      const counted = async () =>
        JSON.stringify(await fixture.started.store.listDocuments({ tenant, collection: 'retries' }));
      await expect.poll(counted).toContain(`attempts\\":${count},`);
      await fixture.started.store.advanceClock(36 * seconds);
    }
    await fixture.receiver.arrived(10);
    const dead = async () => (await get('/_heartbeatd/pbx/dead-letters')).deadLetters as { key: string }[];
    await expect
      .poll(dead)
      .toMatchObject([{ user: 'api', attempts: 10, reason: 'status 400', report: busy('1') }]);
    fixture.receiver.answer = ok;
    const replayed = await post('/_heartbeatd/pbx/dead-letters/replay', {});
    expect(replayed.replayed).toHaveLength(1);
    await fixture.receiver.arrived(11);
    expect(await dead()).toEqual([]);
    await expect
      .poll(() => fixture.started.store.listDocuments({ tenant, collection: 'retries' }))
      .toEqual([]);
  });

  it('replays a dead letter to the current callback of its user, and only while there is one', async () => {
    await restart({ pbxReportAttempts: 1 });
    await fixture.started.store.freezeClock();
    const token = await login();
    fixture.receiver.answer = status(400);
    await report(busy('1'));
    const dead = async () => (await get('/_heartbeatd/pbx/dead-letters')).deadLetters as unknown[];
    await expect.poll(async () => (await dead()).length).toBe(1);
    await post(`/api/v1.1.0/logout?token=${token}`, {});
    expect(await post('/_heartbeatd/pbx/dead-letters/replay', {})).toEqual({ replayed: [], code: 202 });
    fixture.receiver.answer = ok;
    await login({ url: 'elsewhere' });
    await post('/_heartbeatd/pbx/dead-letters/replay', {});
    await fixture.receiver.arrived(2);
    expect(fixture.receiver.received[1]).toMatchObject({ path: '/elsewhere', body: busyBody('1') });
    expect(await dead()).toEqual([]);
  });

  it('sends every report once and in order to an application that returns after ten minutes', async () => {
    const token = await login();
    const { port } = fixture.receiver;
    await fixture.receiver.close();
    for (let minute = 0; minute < 10; minute += 1) {
      await report(busy(String(minute)));
      await lastOutcome(/unreachable/);
      await fixture.started.store.advanceClock(1 * minutes);
    }
    await receiveAgain(port);
    // Whether an attempt is under way while the clock moves is not to be known here.
    const arrivedLater = async (): Promise<number> => {
      await beat(token);
      await fixture.started.store.advanceClock(36 * seconds);
      return fixture.receiver.received.length;
    };
    await expect.poll(arrivedLater, { interval: 200 }).toBe(10);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    expect(fixture.receiver.bodies()).toEqual(
      Array.from({ length: 10 }, (_, minute) => busyBody(String(minute))),
    );
  });

  it('moves to a new address at once, with the reports that wait', async () => {
    const token = await login();
    const { port } = fixture.receiver;
    await fixture.receiver.close();
    await report([busy('1'), busy('2')]);
    await lastOutcome(/unreachable/);
    await receiveAgain();
    await beat(token, { ipaddr: '127.0.0.1', port: fixture.receiver.port, url: 'new' });
    await fixture.receiver.arrived(2);
    expect(fixture.receiver.received.map(({ path, body }) => [path, body])).toEqual([
      ['/new', busyBody('1')],
      ['/new', busyBody('2')],
    ]);
    expect(fixture.receiver.port).not.toBe(port);
  });

  it('does not repeat reports at a new address that the old one received', async () => {
    const token = await login({ url: 'old' });
    await report([busy('1'), busy('2')]);
    await fixture.receiver.arrived(2);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    await beat(token, { url: 'new' });
    await report(busy('3'));
    await fixture.receiver.arrived(3);
    expect(fixture.receiver.received.map(({ path }) => path)).toEqual(['/old', '/old', '/new']);
  });

  it('stops when the token ends, and a later login starts empty', async () => {
    const token = await login();
    fixture.receiver.answer = status(500);
    await report([busy('1'), busy('2')]);
    await fixture.receiver.arrived(1);
    await lastOutcome(/500/);
    await post(`/api/v1.1.0/logout?token=${token}`, {});
    fixture.receiver.answer = ok;
    const ended = async () =>
      (await (await fetch(`${fixture.started.url}/metrics`)).text()).match(/outcome="ended"} (\d+)/)?.[1];
    await expect.poll(ended).toBe('2');
    await login();
    await fixture.started.store.advanceClock(1 * minutes);
    await report(busy('3'));
    await fixture.receiver.arrived(2);
    expect(fixture.receiver.bodies()).toEqual([busyBody('1'), busyBody('3')]);
  });

  it('drops and counts the oldest reports of a full queue', async () => {
    await restart({ pbxReportQueue: 5 });
    await fixture.started.store.freezeClock();
    await login();
    fixture.receiver.answer = status(500);
    await report(busy('0'));
    await fixture.receiver.arrived(1);
    await lastOutcome(/500/);
    for (let at = 1; at <= 8; at += 1) await report(busy(String(at)));
    fixture.receiver.answer = ok;
    await fixture.started.store.advanceClock(36 * seconds);
    await fixture.receiver.arrived(6);
    expect(fixture.receiver.bodies().slice(1)).toEqual(['4', '5', '6', '7', '8'].map(busyBody));
    const metrics = await (await fetch(`${fixture.started.url}/metrics`)).text();
    expect(metrics).toContain('heartbeatd_pbx_reports_total{outcome="dropped"} 4');
  });
});
