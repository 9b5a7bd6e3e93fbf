/** A server and a page of its console for each test, and what tests have the server do. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';
import { launchChromium } from './chromium.ts';
import { sendToSls } from './sls-request.ts';

let browser: Browser | undefined;
/** The server of the present test. */
export let hb: StartedHeartbeatd;
/** The page of the present test. */
export let page: Page;
/** What the page must never do: errors in its console, requests to other hosts. */
let faults: string[];

/** Has each test of the file start with a server without state and an empty page, and checks after it that the page made no fault. */
export function useConsole(): void {
  beforeAll(async () => {
    browser = await launchChromium();
  }, 300_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    hb = await startHeartbeatd({ settings: { slsAutoCreate: true } });
    page = await openPage({});
  });
  afterEach(async () => {
    await page.close();
    await hb.close();
    expect(faults).toEqual([]);
  });
}

interface PageOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
}

async function openPage({ theme = 'light', width = 1_280 }: PageOptions): Promise<Page> {
  faults = [];
  if (browser === undefined) throw new Error('the browser is not started');
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const opened = await context.newPage();
  opened.setDefaultTimeout(60_000);
  opened.on('console', (message) => {
    // Chromium reports each refused request as an error of its own.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  opened.on('pageerror', (error) => faults.push(String(error)));
  opened.on('request', (sent) => {
    if (!/^(?:data|blob):/.test(sent.url()) && new URL(sent.url()).hostname !== '127.0.0.1')
      faults.push(sent.url());
  });
  return opened;
}

/** Opens the page again, in another theme or width. */
export async function reopenPage(options: PageOptions): Promise<void> {
  await page.close();
  page = await openPage(options);
}

/** Opens a view. */
export const open = (view: string): Promise<unknown> => page.goto(`${hb.url}/_heartbeatd/#/${view}`);
/** Sends a heartbeat of Presence. */
export const beat = (channel: string, uuid: string, more = ''): Promise<Response> =>
  fetch(`${hb.url}/v2/presence/sub-key/demo/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300${more}`);

/** Sends a request to the project `demo` of SLS. */
export const sls = (path: string, body: unknown): Promise<string> => sendToSls(hb.url, path, body);
/** Sends a heartbeat of a consumer. */
export const heartbeat = (consumer: string, held: readonly number[]): Promise<string> =>
  sls(`/logstores/logs/consumergroups/g?type=heartbeat&consumer=${consumer}`, held);

/** Makes a consumer group of four shards. */
export async function makeGroup(): Promise<void> {
  await sls('/logstores', { logstoreName: 'logs', shardCount: 4, ttl: 30 });
  await sls('/logstores/logs/consumergroups', { consumerGroup: 'g', timeout: 600, order: false });
}
