/** Which applications receive a report, in which shape, and what that renews. */
import { describe, expect, it } from 'vitest';
import { status } from '../receiver.ts';
import { busy, busyBody, deliveryFixture, minutes, sn, tenant } from './application.ts';

const fixture = deliveryFixture();
const { restart, post, login, report, lastOutcome } = fixture;

describe('a report', () => {
  it('goes to every live application with the headers and the bytes of a PBX', async () => {
    await login({ url: 'report?key=1' });
    expect(await report({ report: 'BootUp' })).toEqual({ queued: 1, code: 202 });
    const [first] = await fixture.receiver.arrived(1);
    expect(first?.raw).toBe(
      `POST /report?key=1 HTTP/1.1\r\nHost: 127.0.0.1:${fixture.receiver.port}\r\nUser-Agent: WebAPI\r\n` +
        'Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: 19\r\n' +
        'Connection: close\r\n\r\n{"action":"BootUp"}',
    );
    expect(first?.reads).toBe(1);
  });

  it('goes once to a URL that several tokens of a user share, and once for each user of a URL', async () => {
    await Promise.all([login(), login(), login({ username: 'other' })]);
    await report(busy('1000'));
    await report(busy('1001'));
    await fixture.receiver.arrived(4);
    expect(fixture.receiver.bodies().sort()).toEqual([
      busyBody('1000'),
      busyBody('1000'),
      busyBody('1001'),
      busyBody('1001'),
    ]);
  });

  it('has the shape of the version that the application sent', async () => {
    const ring = {
      report: 'RING',
      callid: '1550710849.199',
      members: [
        { type: 'ext', number: '1001' },
        { type: 'ext', number: '1002' },
      ],
    };
    await login({ url: 'legacy' });
    await login({ url: 'list', version: '1.0.2' });
    await login({ url: 'event', version: '2.0.0' }, 'v2.0.0');
    await login({ url: 'openvox' }, 'v0.0.1');
    await report(ring);
    const received = await fixture.receiver.arrived(4);
    expect(Object.fromEntries(received.map(({ path, body }) => [path, body]))).toEqual({
      '/legacy': '{"action":"RING","callid":"1550710849.199","ext":{"extid":"1002"},"ext":{"extid":"1001"}}',
      '/list': `{"action":"RING","callid":"1550710849.199","call":[{"ext":{"extid":"1002"}},{"ext":{"extid":"1001"}}],"sn":"${sn}"}`,
      '/event': `{"event":"CallStatus","callid":"1550710849.199","members":[{"ext":{"number":"1001","channelid":"","memberstatus":"ALERT"}},{"ext":{"number":"1002","channelid":"","memberstatus":"RING"}}],"sn":"${sn}"}`,
      '/openvox': `{"action":"RING","callid":"1550710849.199","ext":{"extid":["1001","1002"]},"sn":"${sn}"}`,
    });
  });

  it('goes to an application only if it happened after the login', async () => {
    await login({ url: 'first' });
    await report(busy('1000'));
    await fixture.receiver.arrived(1);
    await login({ url: 'second' });
    await report(busy('1001'));
    const received = await fixture.receiver.arrived(3);
    expect(received.filter(({ path }) => path === '/second').map(({ body }) => body)).toEqual([
      busyBody('1001'),
    ]);
  });

  it('renews the token for 30 minutes if it is delivered, and not otherwise', async () => {
    const token = await login();
    await fixture.started.store.advanceClock(20 * minutes);
    await report(busy('1000'));
    await fixture.receiver.arrived(1);
    const remaining = async () =>
      (await fixture.started.store.read({ tenant, group: 'api', holder: token }))?.remainingMs;
    await expect.poll(remaining).toBe(30 * minutes);
    await fixture.started.store.advanceClock(20 * minutes);
    fixture.receiver.answer = status(500);
    await report(busy('1001'));
    await fixture.receiver.arrived(2);
    await lastOutcome(/500/);
    expect(await remaining()).toBe(10 * minutes);
  });

  it('to this server itself is sent if the settings say so, and does not keep the token', async () => {
    await restart({ pbxAllowOwnAddress: true });
    await fixture.started.store.freezeClock();
    const token = await login({ url: `${fixture.started.url}/api/v2.0.0/`, urltag: 1 });
    await fixture.started.store.advanceClock(20 * minutes);
    await report(busy('1000'));
    await lastOutcome(/status 200/);
    const lease = await fixture.started.store.read({ tenant, group: 'api', holder: token });
    expect(lease?.remainingMs).toBe(10 * minutes);
  });
});

it('a report from before a reset is not sent after it', async () => {
  await login();
  await report([busy('1'), busy('2')]);
  await fixture.receiver.arrived(2);
  await post('/_heartbeatd/reset', {});
  await login();
  await report(busy('3'));
  await fixture.receiver.arrived(3);
  expect(fixture.receiver.bodies()).toEqual(['1', '2', '3'].map(busyBody));
});
