import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { ok, type Receiver, startReceiver, status } from '../receiver.ts';

const tenant = 'pbx/default';
const seconds = 1_000;
const minutes = 60 * seconds;
const sn = '369350000001';

let started: StartedApp;
let receiver: Receiver;
beforeEach(async () => {
  // Jitter in the middle: pauses are exact.
  started = await startApp({}, { randomBytes: middling() });
  await started.store.freezeClock();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

/** Bytes of which the first four say a half, and that are never the same twice. */
function middling(): (size: number) => Buffer {
  let count = 0;
  return (size) => {
    const bytes = Buffer.alloc(size);
    count += 1;
    if (size >= 8) bytes.writeUInt32BE(count, size - 4);
    if (size === 3) bytes.writeUIntBE(count, 0, 3);
    if (size === 4) bytes.writeUInt32BE(2 ** 31);
    return bytes;
  };
}

const post = async (path: string, body: unknown, app = started): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${app.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ...((await answer.json()) as object), code: answer.status };
};
const get = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${started.url}${path}`)).json()) as Record<string, unknown>;
const login = async (change: Record<string, unknown> = {}, version = 'v1.1.0'): Promise<string> => {
  const body = { username: 'api', password: 'x', port: receiver.port, ...change };
  const { token } = await post(`/api/${version}/login`, body);
  return String(token);
};
const beat = (token: string, body: unknown = {}) => post(`/api/v1.1.0/heartbeat?token=${token}`, body);
const report = (body: unknown) => post('/_heartbeatd/pbx/events', body);
const busy = (extension: string) => ({ report: 'ExtensionStatus', extension, status: 'Busy' });
const busyBody = (extension: string) =>
  `{"action":"ExtensionStatus","extension":"${extension}","status":"Busy"}`;
const deliveries = async () =>
  (await get('/_heartbeatd/pbx/deliveries')).deliveries as Record<string, unknown>[];
const lastOutcome = (what: RegExp) =>
  expect
    .poll(async () => String((await deliveries())[0]?.last && JSON.stringify((await deliveries())[0]?.last)))
    .toMatch(what);

describe('a report', () => {
  it('goes to every live application with the headers and the bytes of a PBX', async () => {
    await login({ url: 'report?key=1' });
    expect(await report({ report: 'BootUp' })).toEqual({ queued: 1, code: 202 });
    const [first] = await receiver.arrived(1);
    expect(first?.raw).toBe(
      `POST /report?key=1 HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nUser-Agent: WebAPI\r\n` +
        'Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: 19\r\n' +
        'Connection: close\r\n\r\n{"action":"BootUp"}',
    );
    expect(first?.reads).toBe(1);
  });

  it('goes once to a URL that several tokens of a user share, and once for each user of a URL', async () => {
    await Promise.all([login(), login(), login({ username: 'other' })]);
    await report(busy('1000'));
    await report(busy('1001'));
    await receiver.arrived(4);
    expect(receiver.bodies().sort()).toEqual([
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
    const received = await receiver.arrived(4);
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
    await receiver.arrived(1);
    await login({ url: 'second' });
    await report(busy('1001'));
    const received = await receiver.arrived(3);
    expect(received.filter(({ path }) => path === '/second').map(({ body }) => body)).toEqual([
      busyBody('1001'),
    ]);
  });

  it('renews the token for 30 minutes if it is delivered, and not otherwise', async () => {
    const token = await login();
    await started.store.advanceClock(20 * minutes);
    await report(busy('1000'));
    await receiver.arrived(1);
    const remaining = async () =>
      (await started.store.read({ tenant, group: 'api', holder: token }))?.remainingMs;
    await expect.poll(remaining).toBe(30 * minutes);
    await started.store.advanceClock(20 * minutes);
    receiver.answer = status(500);
    await report(busy('1001'));
    await receiver.arrived(2);
    await lastOutcome(/500/);
    expect(await remaining()).toBe(10 * minutes);
  });

  it('to this server itself is sent if the settings say so, and does not keep the token', async () => {
    await started.close();
    started = await startApp({ pbxAllowOwnAddress: true });
    await started.store.freezeClock();
    const token = await login({ url: `${started.url}/api/v2.0.0/`, urltag: 1 });
    await started.store.advanceClock(20 * minutes);
    await report(busy('1000'));
    await lastOutcome(/status 200/);
    const lease = await started.store.read({ tenant, group: 'api', holder: token });
    expect(lease?.remainingMs).toBe(10 * minutes);
  });
});

it('a report from before a reset is not sent after it', async () => {
  await login();
  await report([busy('1'), busy('2')]);
  await receiver.arrived(2);
  await post('/_heartbeatd/reset', {});
  await login();
  await report(busy('3'));
  await receiver.arrived(3);
  expect(receiver.bodies()).toEqual(['1', '2', '3'].map(busyBody));
});

describe('delivery', () => {
  it('repeats a report without a 200 byte for byte after 1, 2, 4, 8, 16, 30, 30 seconds', async () => {
    await login();
    receiver.answer = status(503);
    await report(busy('1000'));
    let count = 1;
    await receiver.arrived(count);
    for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
      await expect.poll(async () => (await deliveries())[0]?.attempts).toBe(count);
      await started.store.advanceClock(pause * seconds - 1);
      expect(receiver.received).toHaveLength(count);
      await started.store.advanceClock(1);
      count += 1;
      await receiver.arrived(count);
    }
    expect(new Set(receiver.received.map(({ raw }) => raw)).size).toBe(1);
  });

  it('keeps the order while the application is in trouble', async () => {
    await login();
    receiver.answer = (_received, count) => (count === 1 ? status(500) : ok);
    await report([busy('1'), busy('2'), busy('3')]);
    await receiver.arrived(1);
    await lastOutcome(/500/);
    await started.store.advanceClock(1 * seconds);
    await receiver.arrived(4);
    expect(receiver.bodies()).toEqual(['1', '1', '2', '3'].map(busyBody));
  });

  it('retries a report that the application refuses beside the others', async () => {
    await login();
    let refuses = true;
    receiver.answer = ({ body }) => (refuses && body === busyBody('2') ? status(400) : ok);
    await report([busy('1'), busy('2'), busy('3')]);
    await receiver.arrived(3);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    refuses = false;
    await started.store.advanceClock(1 * seconds);
    await receiver.arrived(4);
    expect(receiver.bodies()).toEqual(['1', '2', '3', '2'].map(busyBody));
  });

  it('moves a report to the dead letters after ten attempts, where it can be read and replayed', async () => {
    await login();
    receiver.answer = status(400);
    await report(busy('1'));
    for (let count = 1; count < 10; count += 1) {
      await receiver.arrived(count);
      const counted = async () =>
        JSON.stringify(await started.store.listDocuments({ tenant, collection: 'retries' }));
      await expect.poll(counted).toContain(`attempts\\":${count},`);
      await started.store.advanceClock(36 * seconds);
    }
    await receiver.arrived(10);
    const dead = async () => (await get('/_heartbeatd/pbx/dead-letters')).deadLetters as { key: string }[];
    await expect
      .poll(dead)
      .toMatchObject([{ user: 'api', attempts: 10, reason: 'status 400', report: busy('1') }]);
    receiver.answer = ok;
    const replayed = await post('/_heartbeatd/pbx/dead-letters/replay', {});
    expect(replayed.replayed).toHaveLength(1);
    await receiver.arrived(11);
    expect(await dead()).toEqual([]);
    await expect.poll(() => started.store.listDocuments({ tenant, collection: 'retries' })).toEqual([]);
  });

  it('replays a dead letter to the current callback of its user, and only while there is one', async () => {
    await started.close();
    started = await startApp({ pbxReportAttempts: 1 });
    await started.store.freezeClock();
    const token = await login();
    receiver.answer = status(400);
    await report(busy('1'));
    const dead = async () => (await get('/_heartbeatd/pbx/dead-letters')).deadLetters as unknown[];
    await expect.poll(async () => (await dead()).length).toBe(1);
    await post(`/api/v1.1.0/logout?token=${token}`, {});
    expect(await post('/_heartbeatd/pbx/dead-letters/replay', {})).toEqual({ replayed: [], code: 202 });
    receiver.answer = ok;
    await login({ url: 'elsewhere' });
    await post('/_heartbeatd/pbx/dead-letters/replay', {});
    await receiver.arrived(2);
    expect(receiver.received[1]).toMatchObject({ path: '/elsewhere', body: busyBody('1') });
    expect(await dead()).toEqual([]);
  });

  it('sends every report once and in order to an application that returns after ten minutes', async () => {
    const token = await login();
    const { port } = receiver;
    await receiver.close();
    for (let minute = 0; minute < 10; minute += 1) {
      await report(busy(String(minute)));
      await lastOutcome(/unreachable/);
      await started.store.advanceClock(1 * minutes);
    }
    receiver = await startReceiver(port);
    // Whether an attempt is under way while the clock moves is not to be known here.
    const arrivedLater = async (): Promise<number> => {
      await beat(token);
      await started.store.advanceClock(36 * seconds);
      return receiver.received.length;
    };
    await expect.poll(arrivedLater, { interval: 200 }).toBe(10);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    expect(receiver.bodies()).toEqual(Array.from({ length: 10 }, (_, minute) => busyBody(String(minute))));
  });

  it('moves to a new address at once, with the reports that wait', async () => {
    const token = await login();
    const { port } = receiver;
    await receiver.close();
    await report([busy('1'), busy('2')]);
    await lastOutcome(/unreachable/);
    receiver = await startReceiver();
    await beat(token, { ipaddr: '127.0.0.1', port: receiver.port, url: 'new' });
    await receiver.arrived(2);
    expect(receiver.received.map(({ path, body }) => [path, body])).toEqual([
      ['/new', busyBody('1')],
      ['/new', busyBody('2')],
    ]);
    expect(receiver.port).not.toBe(port);
  });

  it('does not repeat reports at a new address that the old one received', async () => {
    const token = await login({ url: 'old' });
    await report([busy('1'), busy('2')]);
    await receiver.arrived(2);
    await expect.poll(async () => (await deliveries())[0]?.waiting).toBe(0);
    await beat(token, { url: 'new' });
    await report(busy('3'));
    await receiver.arrived(3);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/old', '/old', '/new']);
  });

  it('stops when the token ends, and a later login starts empty', async () => {
    const token = await login();
    receiver.answer = status(500);
    await report([busy('1'), busy('2')]);
    await receiver.arrived(1);
    await lastOutcome(/500/);
    await post(`/api/v1.1.0/logout?token=${token}`, {});
    receiver.answer = ok;
    const ended = async () =>
      (await (await fetch(`${started.url}/metrics`)).text()).match(/outcome="ended"} (\d+)/)?.[1];
    await expect.poll(ended).toBe('2');
    await login();
    await started.store.advanceClock(1 * minutes);
    await report(busy('3'));
    await receiver.arrived(2);
    expect(receiver.bodies()).toEqual([busyBody('1'), busyBody('3')]);
  });

  it('drops and counts the oldest reports of a full queue', async () => {
    await started.close();
    started = await startApp({ pbxReportQueue: 5 });
    await started.store.freezeClock();
    await login();
    receiver.answer = status(500);
    await report(busy('0'));
    await receiver.arrived(1);
    await lastOutcome(/500/);
    for (let at = 1; at <= 8; at += 1) await report(busy(String(at)));
    receiver.answer = ok;
    await started.store.advanceClock(36 * seconds);
    await receiver.arrived(6);
    expect(receiver.bodies().slice(1)).toEqual(['4', '5', '6', '7', '8'].map(busyBody));
    const metrics = await (await fetch(`${started.url}/metrics`)).text();
    expect(metrics).toContain('heartbeatd_pbx_reports_total{outcome="dropped"} 4');
  });

  it.each([
    ['nothing', undefined],
    ['no HTTP', 'what?\r\n\r\n'],
    ['a body without an end', 'HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nx'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('survives an application that replies with %s', async (_what, said) => {
    await started.close();
    started = await startApp({ pbxReportTimeoutMs: 300 });
    await login();
    receiver.answer = () => said;
    await report(busy('1'));
    await lastOutcome(/failed|status/);
    receiver.answer = ok;
    await receiver.arrived(2);
    expect(new Set(receiver.bodies())).toEqual(new Set([busyBody('1')]));
  });

  it.each([
    ['only a status line', 'HTTP/1.1 200 OK\r\n'],
    ['no length and no body, on a connection that stays open', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Type: text/plain\n\nok'],
    ['a status line without a reason', 'HTTP/1.1 200\r\n\r\n'],
    ['version 1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['blank lines first', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['100 first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['a body that never ends', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx'],
    ['chunks that never end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
  ])('takes 200 from an application that says %s, at its status line', async (_what, said) => {
    await started.close();
    // Whoever waits for more than the status line is here for ever.
    started = await startApp({ pbxReportTimeoutMs: 600_000 });
    await login();
    receiver.answer = said;
    await report([busy('1'), busy('2')]);
    await receiver.arrived(2);
    expect(receiver.bodies()).toEqual(['1', '2'].map(busyBody));
  });
});

describe('diagnostics', () => {
  const diagnostics = async () =>
    ((await get('/_heartbeatd/pbx/diagnostics')).diagnostics as { message: string; detail?: string }[]).map(
      ({ message, detail }) => [message, detail],
    );

  it('name refused callbacks and doubtful fields', async () => {
    const token = await login({ url: 'http://127.0.0.1/r' });
    await beat(token, { ipaddr: '169.254.169.254', port: 80 });
    await post('/api/v1.1.0/login', { username: 'api', password: 'x', url: 'ftp://x/', urltag: 1 });
    expect(await diagnostics()).toEqual([
      ['login refused: the callback is not usable', expect.stringContaining('ftp://x/')],
      [
        'heartbeat refused: the callback is not usable',
        '169.254.169.254: link-local addresses are always refused: {"ipaddr":"169.254.169.254","port":"80"}',
      ],
      ['the url has a scheme but no urltag; treated as absolute', undefined],
    ]);
  });

  it('name a report that was accepted with another status than 200', async () => {
    await login();
    receiver.answer = status(204);
    await report(busy('1'));
    await receiver.arrived(1);
    await expect
      .poll(diagnostics)
      .toEqual([['report accepted with a status other than 200; a PBX may send it again', 'status 204']]);
  });
});
