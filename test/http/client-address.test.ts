import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeClientAddress } from '../../src/http/client-address.ts';
import { hashPassword } from '../../src/protocols/pbx/users/password.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { type StartedApp, startApp } from '../start-app.ts';

const addressOf = (trusted: readonly string[], remoteAddress: string, forwarded?: string): string =>
  makeClientAddress(trusted)({
    raw: {
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    },
  } as unknown as FastifyRequest);

describe('the address of a client', () => {
  it('is that of the connection, whatever a header says', () => {
    expect(addressOf([], '203.0.113.9', '10.0.0.1')).toBe('203.0.113.9');
    expect(addressOf([], '::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(addressOf([], 'fe80::1%eth0')).toBe('fe80::1');
    expect(addressOf(['10.0.0.0/8'], '203.0.113.9', '10.0.0.1')).toBe('203.0.113.9');
  });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, 203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, 203.0.113.9, 10.1.1.1', '203.0.113.9'],
    ['10.9.9.9, 10.1.1.1', '10.9.9.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['unknown', '10.0.0.1'],
    ['203.0.113.9, unknown', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('behind trusted proxies is the last that they do not know: %s', (forwarded, client) => {
    expect(addressOf(['10.0.0.0/8'], '10.0.0.1', forwarded)).toBe(client);
    expect(addressOf(['10.0.0.0/8'], '::ffff:10.0.0.1', forwarded)).toBe(client);
  });
});

describe('a server behind a proxy', () => {
  let folder: string;
  let started: StartedApp;
  let log: RecordedLog;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    const pbxUsers = join(folder, 'users.json');
    const password = await hashPassword('pass', Buffer.alloc(16, 7));
    writeFileSync(
      pbxUsers,
      JSON.stringify({
        users: [
          { username: 'api', password },
          { username: 'inside', password, networks: ['192.0.2.0/24'] },
        ],
      }),
    );
    log = recordedLog();
    started = await startApp(
      { pbxUsers, trustedProxies: ['127.0.0.1'], presenceRequestsPerSecond: 2 },
      { logger: log.logger },
    );
  });
  afterEach(async () => {
    await started.close();
    rmSync(folder, { recursive: true });
  });

  const login = async (client: string, username = 'api', word = 'pass'): Promise<unknown> => {
    const password = createHash('md5').update(word).digest('hex');
    const reply = await fetch(`${started.url}/api/v1.1.0/login`, {
      method: 'POST',
      headers: { 'x-forwarded-for': client },
      body: JSON.stringify({ username, password, port: 9 }),
    });
    const { status, errno } = (await reply.json()) as { status: string; errno?: string };
    return errno ?? status;
  };

  it('locks out the client that failed to log in, and no other', async () => {
    for (let at = 0; at < 5; at += 1) await login('192.0.2.1', 'api', 'wrong');
    expect(await login('192.0.2.1')).not.toBe('Success');
    expect(await login('192.0.2.2')).toBe('Success');
  });

  it('checks networks of users, and sends reports to the client by default', async () => {
    expect(await login('198.51.100.1', 'inside')).not.toBe('Success');
    expect(await login('192.0.2.7', 'inside')).toBe('Success');
    const { deliveries } = (await (await fetch(`${started.url}/_heartbeatd/pbx/deliveries`)).json()) as {
      deliveries: readonly object[];
    };
    expect(JSON.stringify(deliveries)).toContain('192.0.2.7:9');
  });

  it('limits the rate of each client', async () => {
    const request = async (client: string): Promise<number> =>
      (
        await fetch(`${started.url}/v2/presence/sub-key/z/channel/c`, {
          headers: { 'x-forwarded-for': client },
        })
      ).status;
    const replies = await Promise.all([1, 2, 3, 4].map(() => request('192.0.2.1')));
    expect(replies).toContain(429);
    expect(await request('192.0.2.2')).toBe(200);
  });

  it('names the client in the request log and in the journal', async () => {
    await login('192.0.2.3');
    await expect.poll(() => log.lines().some(({ client }) => client === '192.0.2.3')).toBe(true);
    const { entries } = (await (await fetch(`${started.url}/_heartbeatd/journal`)).json()) as {
      entries: readonly { client: string }[];
    };
    expect(entries.at(-1)?.client).toBe('192.0.2.3');
  });
});

it('a client that resets its connection right after a login causes no warning', async () => {
  const log = recordedLog();
  const started = await startApp({}, { logger: log.logger });
  const body = JSON.stringify({ username: 'api', password: 'x'.repeat(32), port: 9 });
  const request = `POST /api/v2.0.0/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (let at = 0; at < 50; at += 1) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.write(request, () => socket.resetAndDestroy());
    });
  }
  // The logins of all connections are done once a later one is.
  await fetch(`${started.url}/api/v2.0.0/login`, { method: 'POST', body });
  await started.close();
  for (const level of ['warn', 'error', 'fatal'] as const) expect(log.lines(level)).toEqual([]);
});
