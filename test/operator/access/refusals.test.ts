/** What the journal says about requests that were refused: why, and what to set. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
const folders: string[] = [];
afterEach(async () => {
  await hb.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function start(settings: Partial<Config> = {}): Promise<void> {
  hb = await startHeartbeatd({ settings });
}
async function startWithTls(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  folders.push(folder);
  await start({ tls: 'auto', tlsFolder: folder });
}
const port = (): number => Number(new URL(hb.url).port);

/** Sends bytes and waits until the server ends the connection. */
async function say(bytes: string): Promise<void> {
  const socket = connect(port(), '127.0.0.1').resume();
  socket.write(bytes);
  await once(socket, 'close');
}

interface Noted {
  readonly operation: string;
  readonly protocol: string;
  readonly notes: readonly string[];
}
async function newest(): Promise<Noted> {
  const { entries } = await hb.operator.json<{ readonly entries: readonly Noted[] }>('GET', '/journal', {
    query: { order: 'newest', limit: 1 },
  });
  const [entry] = entries;
  if (entry === undefined) throw new Error('the journal is empty');
  return entry;
}
const noteOf = async (path: string, init: RequestInit = {}): Promise<string> => {
  await fetch(hb.url + path, init);
  return (await newest()).notes.join(' ');
};
const sls = async (host: string, headers: Record<string, string> = {}): Promise<string> => {
  const lines = Object.entries({ host, connection: 'close', ...headers }).map((pair) => pair.join(': '));
  await say(`GET /logstores/logs HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return (await newest()).notes.join(' ');
};

describe('the journal says why a connection was refused', () => {
  it('that speaks TLS to a plain port, and for which host it was meant', async () => {
    await start();
    const socket = connectTls({
      port: port(),
      host: '127.0.0.1',
      servername: 'demo.cn-hangzhou.log.aliyuncs.com',
    });
    await once(socket, 'error');
    expect(await newest()).toMatchObject({
      protocol: 'none',
      operation: 'TLS handshake',
      client: '127.0.0.1',
      request: { url: 'https://demo.cn-hangzhou.log.aliyuncs.com' },
      reply: { status: 400 },
      notes: [expect.stringMatching(/meant for demo\.cn-hangzhou\.log\.aliyuncs\.com.*TLS=auto.*http:\/\//)],
    });
  });

  it('that asks for a tunnel without HTTPS, or to a foreign host with it', async () => {
    await start();
    await say('CONNECT demo.cn-hangzhou.log.aliyuncs.com:443 HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await newest()).toMatchObject({
      operation: 'CONNECT',
      notes: [expect.stringContaining('TLS=auto')],
    });
    await hb.close();
    await startWithTls();
    await say('CONNECT other.example:443 HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await newest()).toMatchObject({
      operation: 'CONNECT',
      reply: { status: 403 },
      notes: [expect.stringContaining('Add the host to TLS_HOSTS')],
    });
  });

  it('whose client does not trust the certificate', async () => {
    await startWithTls();
    const socket = connectTls({ port: port(), host: '127.0.0.1' });
    await once(socket, 'error');
    await hb.waitForEvent({ type: 'request', operation: 'TLS handshake' }, { after: 0 });
    expect((await newest()).notes.join()).toMatch(/does not trust the certificate.*NODE_EXTRA_CA_CERTS/);
  });

  it('that sends no HTTP at all, without its secrets, and is readable in every form', async () => {
    await start();
    await say('GET /x?token=s3cret HTTP/9.9\r\nhost: x\r\n\r\n');
    await say('hello\r\n\r\n');
    const entry = await newest();
    expect(entry.operation).toBe('malformed request');
    expect(entry.notes.join()).toContain('they begin with "hello"');
    for (const format of ['json', 'har', 'curl', 'ndjson']) {
      const text = await hb.operator.text('GET', '/journal', { query: { format } });
      expect(text).toContain('hello'.slice(0, format === 'json' || format === 'ndjson' ? 5 : 0));
      expect(text).not.toContain('s3cret');
    }
  });
});

describe('the journal names the nearest route', () => {
  it.each([
    [
      '/v2/presense/sub-key/demo/channel/lobby',
      'GET',
      /nearest is GET \/v2\/presence\/sub-key\/:subscribeKey\/channel\/:channels? \(HereNow\)/i,
    ],
    ['/api/v1.1.0/hartbeat', 'POST', /\/api\/:version\/heartbeat|Error 10003/],
    ['/nothing/here', 'GET', /none of the vendors.*The nearest is/],
    ['/v2/presence/sub-key/demo/channel/lobby', 'DELETE', /is served for GET.*not for DELETE/],
  ])('of %s %s', async (path, method, note) => {
    await start();
    expect(await noteOf(path, { method })).toMatch(note);
  });

  it('but keeps nothing of the requests of operators', async () => {
    await start();
    await fetch(`${hb.url}/_heartbeatd/lease`);
    const { entries } = await hb.operator.json<{ entries: unknown[] }>('GET', '/journal');
    expect(entries).toEqual([]);
  });
});

describe('the journal says what to set', () => {
  it('where the host names no project, or the project does not exist', async () => {
    await start();
    expect(await sls('127.0.0.1')).toMatch(/names no project.*SLS_BASE_DOMAINS.*SLS_DEFAULT_PROJECT/);
    expect(await sls('demo.cn-hangzhou.log.aliyuncs.com')).toContain('SLS_AUTO_CREATE=true');
  });

  it('where a signature is missing, of an unknown key, or wrong', async () => {
    await start({ slsAuth: 'verify', slsKeys: ['id:secret'] });
    const signed = (authorization: string) => ({
      authorization,
      date: new Date().toUTCString(),
      'x-log-apiversion': '0.6.0',
      'x-log-signaturemethod': 'hmac-sha1',
    });
    const host = 'demo.cn-hangzhou.log.aliyuncs.com';
    expect(await sls(host)).toContain('SLS_AUTH=off');
    expect(await sls(host, signed('LOG other:c2ln'))).toContain('not in SLS_KEYS');
    expect(await sls(host, signed('LOG id:c2ln'))).toContain(
      'the secret of the client is not the one in SLS_KEYS',
    );
    expect(await sls(host, { ...signed('LOG id:c2ln'), 'content-md5': 'AB' })).toContain(
      'Content-MD5 is "ab"',
    );
  });

  it('where Presence refuses a key, and where a PBX refuses a login or a token', async () => {
    await start({ presenceKeys: ['sub:pub:sec'], presenceAuth: 'verify' });
    expect(await noteOf('/v2/presence/sub-key/other/channel/lobby?uuid=ann')).toContain('PRESENCE_KEYS');
    expect(await noteOf('/v2/presence/sub-key/sub/channel/lobby?uuid=ann')).toContain('PRESENCE_AUTH=off');
    expect(await noteOf('/api/v1.1.0/heartbeat?token=x', { method: 'POST', body: '{}' })).toMatch(
      /Error 20004: the token does not exist\..*log in again/,
    );
  });
});
