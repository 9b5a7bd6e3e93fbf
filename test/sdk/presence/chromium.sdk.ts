/** The web build of the JavaScript SDK, unmodified, in a headless Chromium, on a page of another origin than the server's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import PubNub from 'pubnub';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';
import { hasTool } from '../consumers/install.ts';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => hasTool(name, '--version'));
const sdk = new URL('../../../node_modules/pubnub/dist/web/pubnub.min.js', import.meta.url);
const script = new URL('./browser-page.js', import.meta.url);

let started: StartedApp;
let pages: Server;
let profile = '';
let received: (outcomes: unknown) => void = () => {};

beforeEach(async () => {
  started = await startApp({ presenceKeys: ['sub-c-demo:pub-c-demo:sec-c-demo'], presenceAuth: 'verify' });
  profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const files = new Map([
    ['/pubnub.js', await readFile(sdk)],
    ['/page.js', await readFile(script)],
  ]);
  pages = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    if (path === '/outcomes') received(JSON.parse(await text(request)));
    const page = '<meta charset="utf-8"><script src="/pubnub.js"></script><script src="/page.js"></script>';
    const type = files.has(path) ? 'text/javascript; charset=utf-8' : 'text/html';
    response.writeHead(200, { 'content-type': type }).end(files.get(path) ?? page);
  });
  await once(pages.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  pages.closeAllConnections();
  pages.close();
  await started.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** Grants the page its permissions, as a customer's server does. The second token is revoked. */
async function grantTokens(): Promise<{ token: string; revoked: string }> {
  const keys = { subscribeKey: 'sub-c-demo', publishKey: 'pub-c-demo', secretKey: 'sec-c-demo' };
  const origin = new URL(started.url).host;
  const admin = new PubNub({ ...keys, origin, ssl: false, userId: 'admin' });
  const read = { read: true };
  const grant = {
    ttl: 15,
    authorized_uuid: 'ann',
    resources: {
      channels: { räum: { read: true, write: true }, 'räum-pnpres': read },
      groups: { g: { manage: true, read: true }, 'g-pnpres': read },
    },
    patterns: { channels: { '^(\\*|x)$': read } },
  };
  try {
    const [token, revoked] = [await admin.grantToken(grant), await admin.grantToken({ ...grant, ttl: 14 })];
    await admin.revokeToken(revoked);
    return { token, revoked };
  } finally {
    admin.destroy();
  }
}

/** Opens the page in a browser of its own, and returns what its script reports. */
async function outcomesInBrowser(executable: string): Promise<unknown> {
  const outcomes = new Promise((resolve) => {
    received = resolve;
  });
  const { port } = pages.address() as AddressInfo;
  const query = new URLSearchParams({ origin: new URL(started.url).host, ...(await grantTokens()) });
  const page = `http://localhost:${port}/?${query}`;
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, page];
  const process = spawn(executable, options, { stdio: 'ignore' });
  try {
    return await outcomes;
  } finally {
    process.kill('SIGKILL');
    await once(process, 'exit');
  }
}

if (browser === undefined) it.skip('is not tested here: there is no Chromium');

it.runIf(browser !== undefined)(
  'every supported call passes, and what is refused reaches the page as the error of its vendor',
  async () => {
    const ok = { value: expect.anything() };
    const refused = (name: string) => ({
      statusCode: 501,
      message: `${name} is not emulated by heartbeatd`,
    });
    const unsigned = { message: expect.stringContaining('Invalid Signature') };
    const forbidden = { statusCode: 403, message: expect.stringContaining('Forbidden') };
    expect(await outcomesInBrowser(browser ?? '')).toEqual({
      addChannels: ok,
      received: ['join ann räum', 'join ann x', { n: 1 }, { n: 'zwölf' }],
      publish: ok,
      publishWithPost: ok,
      signal: ok,
      // The SDK resolves without a value.
      fire: {},
      setState: { value: { state: { mood: 'ok' } } },
      getState: { value: { channels: { räum: { mood: 'ok' } } } },
      hereNow: { value: expect.objectContaining({ totalOccupancy: 1 }) },
      globalHereNow: { value: expect.objectContaining({ totalOccupancy: 2 }) },
      whereNow: { value: { channels: expect.arrayContaining(['räum', 'x']) } },
      listChannels: { value: { channels: ['x'] } },
      removeChannels: ok,
      deleteGroup: ok,
      time: ok,
      messageCounts: { value: { channels: { räum: 2 } } },
      publishV2: { value: [1, 'Sent', expect.any(String)] },
      signalWithPost: { value: [1, 'Sent', expect.any(String)] },
      subscribeV1: { value: [[], expect.any(String)] },
      history: refused('History'),
      deleteMessages: refused('History'),
      setMetadata: refused('Objects'),
      removeMetadata: refused('Objects'),
      addAction: refused('Message actions'),
      removeAction: refused('Message actions'),
      listFiles: refused('Files'),
      sendFile: refused('Files'),
      deleteFile: refused('Files'),
      push: refused('Push'),
      pushAdd: refused('Push'),
      grantToken: unsigned,
      revokeToken: unsigned,
      grant: unsigned,
      audit: { message: expect.stringContaining('Access Manager is not emulated by heartbeatd') },
      deniedSubscribe: 'PNAccessDeniedCategory',
      deniedPublish: forbidden,
      deniedHereNow: forbidden,
      unknownKey: { statusCode: 400, message: expect.stringContaining('Invalid Subscribe Key') },
      afterRevocation: { statusCode: 403, message: expect.stringContaining('Token is revoked') },
    });
  },
  60_000,
);
