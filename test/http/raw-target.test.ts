import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
const sockets: Socket[] = [];
beforeEach(async () => {
  started = await startApp({});
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await started.close();
});

/** Sends pieces of bytes on a new connection; resolves with all that came back once it ends. */
const exchange = (...pieces: readonly (string | Buffer)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
    sockets.push(socket);
    const received: Buffer[] = [];
    socket.setNoDelay(true);
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(received).toString()));
    for (const piece of pieces) socket.write(piece);
  });
const head = (target: string, method = 'GET', more = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const bodyOf = (text: string): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
const get = async (target: string): Promise<unknown> => {
  const answer = await fetch(started.url + target);
  return answer.json();
};
const root = '/v2/presence/sub-key/z';

describe('a target with raw bytes of UTF-8', () => {
  it('is read like an encoded one, in its path and in its query', async () => {
    const text = await exchange(head(`${root}/channel/räum/heartbeat?uuid=zoë&state={"räum":{"a":"é"}}`));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.toLowerCase()).toContain('connection: close');
    expect(bodyOf(text)).toEqual({ status: 200, message: 'OK', service: 'Presence' });
    expect(await get(`${root}/channel/r%C3%A4um?state=1`)).toMatchObject({
      occupancy: 1,
      uuids: [{ uuid: 'zoë', state: { a: 'é' } }],
    });
    const where = await exchange(head(`${root}/uuid/zoë`));
    expect(bodyOf(where)).toMatchObject({ payload: { channels: ['räum'] } });
  });

  it('is read after earlier requests of its connection, and from several packets with a body', async () => {
    const first = await exchange(head(`${root}/channel/a/heartbeat?uuid=ü`));
    expect(first).toContain('200 OK');
    const body = '"grüße"';
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const request = head('/publish/p/z/0/räum/0?uuid=a', 'POST', length);
    const cut = request.indexOf('?');
    expect(bodyOf(await exchange(request.slice(0, cut), request.slice(cut), body))).toEqual([
      1,
      'Sent',
      expect.any(String),
    ]);
  });

  it('is refused in the shape of its vendor where it is no UTF-8', async () => {
    const raw = Buffer.from(head(`${root}/channel/a/heartbeat?uuid=r\xe4um`), 'latin1');
    const text = await exchange(raw);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(text)).toEqual({
      message: 'Could Not Parse Request',
      error: true,
      service: 'Access Manager',
      status: 400,
    });
  });

  it('ends its connection: what follows is not read as a request', async () => {
    const second = head(`${root}/channel/a/heartbeat?uuid=second`);
    const text = await exchange(head(`${root}/channel/a/heartbeat?uuid=é`) + second);
    expect(await exchange(head('/é', 'POST', 'Transfer-Encoding: chunked\r\n'))).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(await get(`${root}/channel/a`)).toMatchObject({ uuids: ['é'] });
  });

  it.each([
    ['/v2/presence/sub-key/z/channel/a b/heartbeat?uuid=u'],
    ['/v2/presence/sub-key/z/channel/a/heartbeat?uuid=u v'],
    ['/v2/presence/sub-key/z/channel/ä b/heartbeat?uuid=u HTTP/1.1 x'],
    ['/publish/p/z/0/ch/0/"a b"?meta={"a": 1}'],
  ])('is refused in the shape of its vendor where it has spaces: %s', async (target) => {
    const text = await exchange(head(target));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.toLowerCase()).toContain('access-control-allow-origin: *');
    expect(bodyOf(text)).toMatchObject({ message: 'Could Not Parse Request', service: 'Access Manager' });
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });
  });

  it('with spaces is explained in the journal, with the client that sends them', async () => {
    await exchange(head('/v2/subscribe/z/ch/0?state={"ch":{"mood":"very good"}}&uuid=a'));
    expect(await get('/_heartbeatd/journal')).toMatchObject({
      entries: [
        { reply: { status: 400 }, notes: [expect.stringMatching(/spaces that are not encoded.*Go SDK/)] },
      ],
    });
  });

  it('reaches no operator call with spaces, and another version of HTTP none at all', async () => {
    expect(await exchange(head('/_heartbeatd/leases x'))).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(await exchange('GET /a b HTTP/3.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange('GET /a XTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('does not make control characters, or more than the head may hold, readable', async () => {
    expect(await exchange(head('/é\x01'))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(head('/a\x01é'))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(head(`/${'é'.repeat(40_000)}`))).toMatch(/^HTTP\/1\.1 4(?:14|31) /);
  });

  it('is served by a held poll', async () => {
    const handshake = (await get('/v2/subscribe/z/r%C3%A4um/0')) as { t: { t: string } };
    const poll = exchange(head(`/v2/subscribe/z/räum/0?tt=${handshake.t.t}&tr=1&uuid=zoë`));
    await get('/publish/p/z/0/r%C3%A4um/0/%22hi%22');
    expect(bodyOf(await poll)).toMatchObject({ m: [{ c: 'räum', d: 'hi' }] });
  });

  it('of a held poll is known to be gone when its client disconnects', async () => {
    await started.close();
    started = await startApp({ presenceLeaveOnDisconnect: true });
    const { t } = (await get('/v2/subscribe/z/r%C3%A4um/0?uuid=zo%C3%AB')) as { t: { t: string } };
    const occupied = `${root}/channel/r%C3%A4um`;
    expect(await get(occupied)).toMatchObject({ uuids: ['zoë'] });
    const poll = exchange(head(`/v2/subscribe/z/räum/0?tt=${t.t}&tr=1&uuid=zoë`));
    await vi.waitFor(() => expect(sockets.at(-1)?.bytesWritten).toBeGreaterThan(0));
    // A request after it tells that the poll was read.
    await get(occupied);
    sockets.at(-1)?.destroy();
    await poll;
    await vi.waitFor(async () => expect(await get(occupied)).toMatchObject({ occupancy: 0 }));
  });
});
