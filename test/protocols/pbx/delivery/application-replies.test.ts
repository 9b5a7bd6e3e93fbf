/** What an application may reply to a report, and what diagnostics say about it. */
import { describe, expect, it } from 'vitest';
import { ok, status } from '../receiver.ts';
import { busy, busyBody, deliveryFixture } from './application.ts';

const fixture = deliveryFixture();
const { restart, post, get, login, beat, report, lastOutcome } = fixture;

describe('delivery', () => {
  it.each([
    ['nothing', undefined],
    ['no HTTP', 'what?\r\n\r\n'],
    ['a body without an end', 'HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nx'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('survives an application that replies with %s', async (_what, said) => {
    await restart({ pbxReportTimeoutMs: 300 });
    await login();
    fixture.receiver.answer = () => said;
    await report(busy('1'));
    await lastOutcome(/failed|status/);
    fixture.receiver.answer = ok;
    await fixture.receiver.arrived(2);
    expect(new Set(fixture.receiver.bodies())).toEqual(new Set([busyBody('1')]));
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
    // Whoever waits for more than the status line is here for ever.
    await restart({ pbxReportTimeoutMs: 600_000 });
    await login();
    fixture.receiver.answer = said;
    await report([busy('1'), busy('2')]);
    await fixture.receiver.arrived(2);
    expect(fixture.receiver.bodies()).toEqual(['1', '2'].map(busyBody));
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
    fixture.receiver.answer = status(204);
    await report(busy('1'));
    await fixture.receiver.arrived(1);
    await expect
      .poll(diagnostics)
      .toEqual([['report accepted with a status other than 200; a PBX may send it again', 'status 204']]);
  });
});
