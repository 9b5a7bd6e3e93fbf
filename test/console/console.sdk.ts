/** The console in a real Chromium: a journey through each view, by mouse and by keys, in both themes and two widths. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';
import { launchChromium } from './chromium.ts';

const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let browser: Browser | undefined;
let hb: StartedHeartbeatd;
let page: Page;
/** What the page must never do: errors in its console, requests to other hosts. */
let faults: string[];

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

const open = (view: string): Promise<unknown> => page.goto(`${hb.url}/_heartbeatd/#/${view}`);
const beat = (channel: string, uuid: string, more = ''): Promise<Response> =>
  fetch(`${hb.url}/v2/presence/sub-key/demo/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300${more}`);

/** Sends a request to the project `demo` of SLS. */
function sls(path: string, body: unknown): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { host: 'demo.cn-hangzhou.log.aliyuncs.com', 'content-type': 'application/json' };
  const sent = request(hb.url + path, { method: 'POST', headers }, async (reply) => {
    let text = '';
    for await (const chunk of reply) text += String(chunk);
    resolve(text);
  });
  sent.on('error', reject);
  sent.end(JSON.stringify(body));
  return promise;
}
const heartbeat = (consumer: string, held: readonly number[]): Promise<string> =>
  sls(`/logstores/logs/consumergroups/g?type=heartbeat&consumer=${consumer}`, held);

/** Returns a token of the subscribe key `demo`, which has no keyset: the server signs such tokens with a key of its own. */
async function granted(): Promise<{ readonly token: string }> {
  const none = { channels: {}, groups: {}, uuids: {} };
  const permissions = { resources: { ...none, channels: { lobby: 3 } }, patterns: none, meta: {} };
  const reply = await fetch(`${hb.url}/v3/pam/demo/grant?timestamp=${Math.floor(Date.now() / 1_000)}`, {
    method: 'POST',
    body: JSON.stringify({ ttl: 60, permissions }),
  });
  return ((await reply.json()) as { readonly data: { readonly token: string } }).data;
}

async function makeGroup(): Promise<void> {
  await sls('/logstores', { logstoreName: 'logs', shardCount: 4, ttl: 30 });
  await sls('/logstores/logs/consumergroups', { consumerGroup: 'g', timeout: 600, order: false });
}

/** Violations of accessibility rules, as one line each. */
async function violations(): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}

describe('a journey through', () => {
  it('Overview: what is alive appears while the page is open', async () => {
    await open('overview');
    await page.getByText('Nothing is alive yet').waitFor();
    await beat('lobby', 'ann');
    await page.getByRole('row', { name: /ann lobby presence\/demo/ }).waitFor();
    await page.getByRole('log').getByText('lease.granted').waitFor();
    await page.getByRole('link', { name: 'Presence occupants' }).click();
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
  });

  it('SLS: a hand-over can be followed, and the page says why the newcomer waits', async () => {
    await open('sls');
    await page.getByText('No consumer group').waitFor();
    await makeGroup();
    await heartbeat('c1', []);
    await heartbeat('c1', [0, 1, 2, 3]);
    await page.getByRole('row', { name: /^0 already_alloc/ }).waitFor();
    await heartbeat('c2', []);
    await heartbeat('c1', [0, 1, 2, 3]);
    await page.getByText(/Shard 2 is in transfer from c1 to c2: it has left the replies to c1,/).waitFor();
    await page.getByText('c1: still reports it').first().waitFor();
    await page.getByRole('cell', { name: '−2 −3' }).waitFor();
    await heartbeat('c1', [0, 1]);
    await heartbeat('c2', []);
    await page.getByText(/Shard 2 is in transfer/).waitFor({ state: 'detached' });
    await page.getByText('No shard waits.').waitFor();
    await page.getByRole('cell', { name: '+2 +3' }).waitFor();
  });

  it('SLS: a consumer is expired by one call, which is shown and asks once', async () => {
    await makeGroup();
    await heartbeat('c1', []);
    await open('sls');
    await page.getByRole('button', { name: 'expire' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/curl -X DELETE .*holder=c1&as=expired/).waitFor();
    await dialog.getByRole('button', { name: 'expire' }).click();
    await page.getByText('No consumer is alive').waitFor();
  });

  it('SLS: a shard is moved to a consumer, and a consumer without shards reads why', async () => {
    await makeGroup();
    await heartbeat('c1', []);
    await heartbeat('c1', [0, 1, 2, 3]);
    await heartbeat('c2', []);
    await open('sls');
    await page.getByRole('button', { name: 'why c2' }).click();
    const dialog = page.getByRole('dialog', { name: 'Why: c2' });
    await dialog.getByText('c2 owns nothing yet.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByLabel('Move shard 0 to').selectOption('c2');
    await page.getByText(/curl -d .*"shard":0,"to":"c2".*leases\/move/).waitFor();
    await page.getByText(/Shard 0 is in transfer from c1 to c2/).waitFor();
  });

  it('SLS: a shard gets a log, is split and its checkpoint set, and what waits for it says so', async () => {
    await makeGroup();
    await heartbeat('c1', []);
    await heartbeat('c1', [0, 1, 2, 3]);
    await open('sls');
    await page.getByRole('row', { name: /^0 already_alloc/ }).click();
    await page.getByRole('button', { name: 'Put a log' }).click();
    await page.getByRole('row', { name: /^0 already_alloc 1, / }).waitFor();
    await page.getByText(/curl -d .*"message":"hello".*sls\/logs/).waitFor();
    await page.getByRole('button', { name: 'Split' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Split' }).click();
    await page.getByRole('heading', { name: 'Splits and merges' }).waitFor();
    await page.getByText(/^Shard 5 came from 0/).waitFor();
    await page.getByLabel('Checkpoint to').selectOption('end');
    await page.getByRole('button', { name: 'Set checkpoint' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Set the checkpoint of shard 0 to end\?/).waitFor();
    await dialog.getByRole('button', { name: 'Set checkpoint' }).click();
    await page.getByRole('row', { name: /^0 .*over.* 0 / }).waitFor();
    await page.getByRole('row', { name: /^4 / }).click();
    await page.getByRole('button', { name: 'Merge with 5' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Merge with 5' }).click();
    await page.getByText(/^Shard 6 came from 4 .* and 5/).waitFor();
  });

  it('SLS: one of several groups is chosen, has an address, and is found by the search', async () => {
    await makeGroup();
    await sls('/logstores/logs/consumergroups', { consumerGroup: 'other', timeout: 60, order: true });
    await open('sls');
    await page.getByRole('row', { name: 'demo logs other 4 0 0' }).click();
    await page.getByRole('heading', { name: 'demo → logs → other' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/sls?project=demo&group=logs%2Fother');
    await open('sls?find=group:*g');
    await page.getByRole('heading', { name: 'demo → logs → g' }).waitFor();
    await page.getByText('other').waitFor({ state: 'detached' });
  });

  it('PBX: an application that gets no reports is told why, and a call is played', async () => {
    await open('pbx');
    await page.getByText('No application is logged in.').waitFor();
    const body = JSON.stringify({ username: 'crm', password: '1a1dc91c907325c69271ddf0c944bc72', port: '9' });
    await fetch(`${hb.url}/api/v1.1.0/login`, { method: 'POST', body });
    await page.getByRole('cell', { name: 'crm', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Play a whole call' }).click();
    await page.getByText(/reports wait; last attempt: unreachable/).waitFor();
    await page.getByText(/To mend it: start the application/).waitFor();
    await page.getByRole('button', { name: 'Ring only' }).click();
    await page.getByRole('button', { name: 'answer' }).click();
    await page.getByRole('button', { name: 'hangup' }).click();
    await page.getByText('No call is open.').waitFor();
  });

  it('PBX: what is shown and done is of the PBX that is chosen', async () => {
    for (const username of ['api', 'team/crm']) {
      const body = JSON.stringify({ username, password: '1a1dc91c907325c69271ddf0c944bc72', port: '9' });
      await fetch(`${hb.url}/api/v1.1.0/login`, { method: 'POST', body });
    }
    await open('pbx?tenant=pbx%2Fteam');
    await page.getByRole('cell', { name: 'team/crm', exact: true }).waitFor();
    expect(await page.getByRole('cell', { name: 'api', exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Ring only' }).click();
    await page.getByRole('button', { name: 'answer' }).click();
    await open('pbx');
    await page.getByText('No call is open.').waitFor();
    await page.getByRole('cell', { name: 'api', exact: true }).waitFor();
  });

  it('Presence: an occupant is timed out, and a subscriber hears a message', async () => {
    await beat('lobby', 'ann', `&state=${encodeURIComponent('{"lobby":{"mood":"ok"}}')}`);
    await beat('lobby', 'bob');
    await beat('games', 'zoe');
    await open('presence');
    await page.getByRole('row', { name: 'lobby 2 each announced demo' }).click();
    await page.getByRole('cell', { name: '{"mood":"ok"}' }).waitFor();
    await page.getByRole('button', { name: 'why ann' }).click();
    await page.getByText(/ann is present on lobby.*times out in/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('row', { name: /^bob/ }).getByRole('button', { name: 'time out' }).click();
    await page.getByRole('row', { name: /^bob/ }).waitFor({ state: 'detached' });
    await page
      .getByRole('log')
      .getByText(/lease.expired bob/)
      .waitFor();
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText(/curl -d .*"message":"hello".*\/_heartbeatd\/presence\/publish/).waitFor();
    await page.getByLabel('State of').fill('ann');
    await page.getByLabel('as JSON').fill('{"mood":"late"}');
    await page.getByRole('button', { name: 'Set state' }).click();
    await page.getByRole('cell', { name: '{"mood":"late"}' }).waitFor();
  });

  it('Presence: a held subscribe, a channel group and what a token allows are seen', async () => {
    const sub = (more: string) => fetch(`${hb.url}/v2/subscribe/demo/lobby,games/0?uuid=ann&${more}`);
    const { t } = (await (await sub('tt=0')).json()) as { t: { t: string } };
    await fetch(`${hb.url}/v1/channel-registration/sub-key/demo/channel-group/team?add=lobby`);
    await open('presence');
    const held = sub(`tt=${t.t}&channel-group=team`);
    await beat('lobby', 'bob');
    const waiting = page.getByRole('region', { name: 'Held subscribes' });
    await waiting
      .getByRole('row', { name: /ann lobby, games; groups team/ })
      .first()
      .waitFor();
    await page.getByRole('row', { name: 'team lobby 1' }).waitFor();
    const { token } = await granted();
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Decode' }).click();
    await page.getByRole('row', { name: 'channel lobby read, write' }).waitFor();
    await page.getByText('signature valid').waitFor();
    await page.getByLabel('Token', { exact: true }).fill('nonsense');
    await page.getByRole('button', { name: 'Decode' }).click();
    await page.getByRole('alert').getByText('not an access token').waitFor();
    await page.getByRole('button', { name: 'Publish' }).click();
    await held;
  });

  it('PBX: a report is read with its attempts and replayed, and the model is edited', async () => {
    let status = 500;
    const bodies: string[] = [];
    const application = createServer(async (sent, reply) => {
      let text = '';
      for await (const chunk of sent) text += String(chunk);
      bodies.push(text);
      reply.writeHead(status, { 'content-length': 2 }).end('no');
    });
    await once(application.listen(0, '127.0.0.1'), 'listening');
    const { port } = application.address() as AddressInfo;
    const password = '1a1dc91c907325c69271ddf0c944bc72';
    const body = JSON.stringify({ username: 'crm', password, port: String(port) });
    await fetch(`${hb.url}/api/v1.1.0/login`, { method: 'POST', body });
    await open('pbx');
    await page.getByRole('cell', { name: 'allowed' }).waitFor();
    await page.getByLabel('Status of 1000').selectOption('Busy');
    const detail = page.getByRole('region', { name: /^Report Extension/i });
    await detail
      .getByRole('cell', { name: /status 500 no/ })
      .first()
      .waitFor();
    status = 200;
    await page.getByRole('button', { name: '+30 s' }).click();
    await page.getByRole('cell', { name: 'delivered', exact: true }).first().waitFor();
    const before = bodies.length;
    await detail.getByRole('button', { name: 'Replay' }).click();
    await expect.poll(() => bodies.length).toBeGreaterThan(before);
    await page.getByLabel('New trunk').fill('sip9');
    await page.getByRole('button', { name: 'Add trunk' }).click();
    await page.getByLabel('Status of sip9').waitFor();
    application.close();
  });

  it('Requests: a refused request stands on top with its reason, and becomes a fault rule', async () => {
    await open('requests');
    await page.getByText('No client has sent a request yet.').waitFor();
    await sls('/logstores/logs/consumergroups/none?type=heartbeat&consumer=c1', []);
    await page.getByRole('heading', { name: 'Refused' }).waitFor();
    await page.getByText(/ConsumerGroupHeartBeat 4\d\d/).click();
    await page.getByRole('button', { name: 'Copy verify' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(JSON.parse(copied)).toMatchObject({ match: { operation: 'ConsumerGroupHeartBeat' } });
    expect(await hb.verify(JSON.parse(copied))).toMatchObject({ satisfied: true });
    await page.getByRole('link', { name: 'Inject a fault on this' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('cell', { name: /"operation":"ConsumerGroupHeartBeat"/ }).waitFor();
  });

  it('Requests: a search that can find nothing says so, and the journal is not taken for off', async () => {
    await open('requests?find=operation:Heartbaet');
    await page.getByText(/unknown name "Heartbaet"; did you mean "Heartbeat"/).waitFor();
    expect(await page.getByText('No journal').count()).toBe(0);
    expect(await page.getByText('This command changes that').count()).toBe(0);
  });

  it('Requests: a report of any name can be verified and failed from its entry', async () => {
    const application = await hb.actors.start({ tenant: 'pbx/default', group: 'api' });
    await hb.operator.json('POST', '/pbx/events', { body: { report: 'Raw', body: { action: 'Homemade' } } });
    await open('requests?find=direction:out');
    await page.getByText('→ Homemade').click();
    await page.getByRole('button', { name: 'Copy verify' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(await hb.verify(JSON.parse(copied))).toMatchObject({ satisfied: true });
    await page.getByRole('link', { name: 'Inject a fault on this' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('cell', { name: /"operation":"Homemade","direction":"out"/ }).waitFor();
    await application.leave();
  });

  it('Requests: TLS on a plain port and an unknown path say what to set; a HAR file is saved', async () => {
    await fetch(`${hb.url}/v2/presense/sub-key/demo/channel/lobby`);
    await fetch(hb.url.replace('http:', 'https:')).catch(() => {});
    await open('requests');
    const refused = page.getByRole('region', { name: 'Refused requests' });
    await refused.getByText(/TLS handshake.*reached a port that serves plain HTTP.*TLS=auto/).waitFor();
    await refused.getByText(/No route has the path.*The nearest is GET \/v2\/presence/).waitFor();
    await beat('lobby', 'ann');
    await page.getByRole('row', { name: /Heartbeat 200/ }).click();
    await page.getByRole('row', { name: 'holder ann' }).waitFor();
    await page.getByLabel('refused only').check();
    await page.getByRole('row', { name: /Heartbeat 200/ }).waitFor({ state: 'detached' });
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download HAR' }).click();
    const file = await (await saved).path();
    const har = JSON.parse(readFileSync(file, 'utf8'));
    expect(har.log.entries.map(({ response }: { response: { status: number } }) => response.status)).toEqual(
      expect.arrayContaining([200, 404, 400]),
    );
  });

  it('Faults: a preset fires on the next request, and the page counts it', async () => {
    await open('faults');
    await page.getByRole('button', { name: 'Reset the next connection' }).click();
    await page.getByRole('cell', { name: '{"reset":true}' }).waitFor();
    await expect(beat('lobby', 'ann')).rejects.toThrow();
    await page.getByRole('row', { name: /\{"reset":true\} 1 1 0/ }).waitFor();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove all' }).click();
    await page.getByText('No request fails.').waitFor();
  });

  it('Settings: a value tells where it came from, and secrets are masked', async () => {
    await open('settings?find=sls_auto_create');
    await page.getByRole('row', { name: /SLS_AUTO_CREATE true code/ }).waitFor();
    await page.getByRole('row').nth(1).waitFor();
  });

  it('Overview: active faults are named, and the next deadline is that of all leases', async () => {
    await hb.faults.add({ id: 'slow', match: { holder: 'eve' }, do: { delay: '1s' } });
    await beat('lobby', 'ann');
    await beat('games', 'zoe');
    await open('overview?find=holder:z*');
    await page.getByRole('link', { name: 'slow' }).waitFor();
    await page.getByRole('row', { name: /zoe games presence\/demo/ }).waitFor();
    expect(await page.getByRole('row', { name: /ann lobby/ }).count()).toBe(0);
  });

  it('API reference: a call that removes asks once', async () => {
    await beat('lobby', 'ann');
    await open('reference?find=endLeases');
    await page.getByLabel('holder', { exact: true }).fill('ann');
    await page.getByRole('button', { name: 'Send DELETE' }).click();
    await page
      .getByRole('dialog')
      .getByText(/curl -X DELETE .*holder=ann/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Send DELETE' }).click();
    await page.getByRole('status').getByText('"ended"').waitFor();
  });

  it('API reference: an operation that shares its URL with others is sent with what tells it apart', async () => {
    await open('reference?find=ConsumerGroupHeartBeat');
    await page.getByLabel('group *').fill('g');
    await page.getByText(/consumergroups\/g\?type=heartbeat/).waitFor();
  });

  it('API reference: an operation is tried', async () => {
    await beat('lobby', 'ann');
    await open('reference?find=listLeases');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('status').getByText('"holder": "ann"').waitFor();
  });
});

it('is used by keys alone', async () => {
  await beat('lobby', 'ann');
  await open('overview');
  await page.getByText('Next deadlines').first().waitFor();
  await page.keyboard.type('gr');
  await page.getByRole('heading', { name: 'Requests' }).waitFor();
  await page.getByRole('row', { name: /Heartbeat/ }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Heartbeat #1/ }).waitFor();
  await page.keyboard.press('.');
  await page.getByRole('button', { name: 'Paused' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('holder:nobody');
  await page.keyboard.press('Enter');
  await page.getByText('No request matches holder:nobody.').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.type('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.type('gf');
  await page.getByRole('heading', { name: 'Presets' }).waitFor();
});

it('moves among rows by j and k, and among views by g', async () => {
  await makeGroup();
  await sls('/logstores/logs/consumergroups', { consumerGroup: 'other', timeout: 60, order: true });
  await open('overview');
  await page.getByRole('heading', { name: 'Next deadlines' }).waitFor();
  for (const [key, heading] of [
    ['f', 'Presets'],
    ['r', 'Requests'],
    ['s', 'Consumer groups'],
  ]) {
    await page.keyboard.type(`g${key}`);
    await page.getByRole('heading', { name: heading ?? '', exact: true }).waitFor();
  }
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'demo → logs → other' }).waitFor();
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'demo → logs → g' }).waitFor();
});

it('finds by the grammar of selectors, and names what is no part of it', async () => {
  await beat('lobby', 'ann');
  await beat('games', 'bob');
  await open('requests');
  await page.getByRole('cell', { name: 'bob', exact: true }).first().waitFor();
  const find = page.getByLabel('Find');
  await find.fill('holder:a* operation:Heartbeat');
  await find.press('Enter');
  await page.getByRole('cell', { name: 'ann', exact: true }).first().waitFor();
  await page.getByRole('cell', { name: 'bob', exact: true }).first().waitFor({ state: 'detached' });
  await find.fill('grup:lobby');
  await find.press('Enter');
  await page.getByText(/^grup: not a name of a selector/).waitFor();
});

it('moves the clock to the next deadline, freezes it, and resets after asking once', async () => {
  await beat('lobby', 'ann');
  await open('presence');
  await page.getByRole('cell', { name: 'ann', exact: true }).waitFor();
  await page.getByRole('button', { name: 'freeze' }).click();
  await page.getByText('frozen').waitFor();
  await page.getByRole('button', { name: 'to next deadline' }).click();
  await page.getByText(/curl -d '\{"toNext":1\}'/).waitFor();
  await page.getByRole('cell', { name: 'ann', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Reset' }).click();
  await page
    .getByRole('dialog')
    .getByText(/Bring every tenant back to the seed/)
    .waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click();
  await page.getByText('running').waitFor();
  expect((await hb.operator.json<{ leases: unknown[] }>('GET', '/leases')).leases).toEqual([]);
});

it('is served on the port of the operator API, and names the port of vendors in its commands', async () => {
  await using apart = await startHeartbeatd({ settings: { operatorPort: 0 } });
  await page.goto(`${apart.operatorUrl}/`);
  await page.getByText('Nothing is alive yet').waitFor();
  await page.keyboard.type('ge');
  await page.getByText(`curl '${apart.url}/v2/presence/sub-key/demo`).waitFor();
  await fetch(`${apart.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300`);
  await page.getByRole('cell', { name: 'ann', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByText('Publish: done').first().waitFor();
});

it('asks for the operator token once', async () => {
  await using guarded = await startHeartbeatd({ settings: { operatorToken: 'secret' } });
  await page.goto(`${guarded.url}/`);
  const dialog = page.getByRole('dialog', { name: 'Operator token' });
  await dialog.getByLabel('Token').fill('wrong');
  await dialog.getByRole('button', { name: 'Enter' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Token').fill('secret');
  await dialog.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('Nothing is alive yet').waitFor();
  await page.getByRole('status').getByText('live').waitFor();
});

const views = [
  'overview',
  'sls',
  'pbx',
  'presence',
  'requests',
  'faults',
  'settings',
  'reference?find=clock',
];

it.each(['light', 'dark'] as const)(
  'has no violation of accessibility rules in the %s theme',
  async (theme) => {
    await page.close();
    page = await openPage({ theme });
    await makeGroup();
    await heartbeat('c1', []);
    await heartbeat('c2', []);
    await beat('lobby', 'ann');
    await sls('/logstores/logs/consumergroups/none?type=heartbeat&consumer=c1', []);
    await hb.faults.add({ match: { holder: 'zoe' }, do: { drop: 'after' } });
    const found: Record<string, readonly string[]> = {};
    for (const view of views) {
      await open(view);
      await page.locator('main section').first().waitFor();
      const problems = await violations();
      if (problems.length > 0) found[view] = problems;
    }
    expect(found).toEqual({});
  },
);

it('fits a telephone: nothing but tables scrolls sideways', async () => {
  await page.close();
  page = await openPage({ width: 390 });
  await makeGroup();
  await heartbeat('c1', []);
  await heartbeat('a-consumer-whose-name-is-very-much-longer-than-any-name-has-to-be', []);
  await beat('lobby', 'a-name-that-is-very-much-longer-than-any-name-has-to-be');
  for (const view of views) {
    await open(view);
    await page.locator('main section').first().waitFor();
    const [content, width] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect([view, content]).toEqual([view, width]);
  }
});

it('shows the first thousand of 10 000 leases with a few dozen rows', async () => {
  const uuids = Array.from({ length: 10_000 }, (_, n) => `user-${n}`);
  for (let at = 0; at < uuids.length; at += 500)
    await Promise.all(
      uuids.slice(at, at + 500).map((holder) =>
        hb.store.beat({
          tenant: 'presence/demo',
          holder,
          groups: [{ group: 'lobby' }],
          ttlMs: 300_000,
          grant: true,
        }),
      ),
    );
  await open('presence');
  await page.getByRole('cell', { name: 'user-0', exact: true }).waitFor();
  expect(await page.locator('tbody tr').count()).toBeLessThan(150);
  await page.getByRole('region', { name: 'Occupants of lobby' }).evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await page.getByRole('cell', { name: 'user-999', exact: true }).waitFor();
});
