/** The web build of the JavaScript SDK, unmodified, in a headless Chromium, on a page of another origin than the server's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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
  started = await startApp({ presenceKeys: ['sub-c-demo:pub-c-demo:sec-c-demo'] });
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

/** Opens the page in a browser of its own, and returns what its script reports. */
async function outcomesInBrowser(executable: string): Promise<unknown> {
  const outcomes = new Promise((resolve) => {
    received = resolve;
  });
  const { port } = pages.address() as AddressInfo;
  const page = `http://localhost:${port}/?origin=${new URL(started.url).host}`;
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
    expect(await outcomesInBrowser(browser ?? '')).toEqual({
      publish: ok,
      publishWithPost: ok,
      received: [{ n: 1 }, { n: 'zwölf' }],
      signal: ok,
      setState: { value: { state: { mood: 'ok' } } },
      getState: { value: { channels: { räum: { mood: 'ok' } } } },
      hereNow: { value: expect.objectContaining({ totalOccupancy: 1 }) },
      whereNow: { value: { channels: ['räum'] } },
      addChannels: ok,
      listChannels: { value: { channels: ['x'] } },
      removeChannels: ok,
      time: ok,
      messageCounts: { value: { channels: { räum: 2 } } },
      history: refused('History'),
      objects: refused('Objects'),
      addAction: refused('Message actions'),
      removeAction: refused('Message actions'),
      files: refused('Files'),
      push: refused('Push'),
      wrongKey: { statusCode: 400, message: expect.any(String) },
    });
  },
  60_000,
);
