/** The views that serve all protocols, and what all views share, in a real Chromium: keys, the search, the clock, the token. */
import { describe, expect, it } from 'vitest';
import { startHeartbeatd } from '../../src/start-heartbeatd.ts';
import { beat, hb, makeGroup, open, page, sls, useConsole } from './console-page.ts';

useConsole();

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

it('keeps what is typed in the search and in the tenant while the page changes', async () => {
  await open('presence');
  await page.getByText('No uuid has sent a heartbeat.').waitFor();
  await page.getByLabel('Tenant', { exact: true }).focus();
  await page.keyboard.type('presence/d');
  await beat('lobby', 'ann');
  await page.locator('#tenants option').waitFor({ state: 'attached' });
  await page.keyboard.type('emo');
  expect(await page.getByLabel('Tenant', { exact: true }).inputValue()).toBe('presence/demo');
  await page.getByLabel('Find').focus();
  await page.keyboard.type('holder:');
  await hb.store.beat({
    tenant: 'presence/other',
    holder: 'bob',
    groups: [{ group: 'lobby' }],
    ttlMs: 300_000,
    grant: true,
  });
  await page.locator('#tenants option').nth(1).waitFor({ state: 'attached' });
  await page.keyboard.type('z');
  await page.keyboard.press('Enter');
  await expect.poll(() => new URL(page.url()).hash).toBe('#/presence?tenant=presence%2Fdemo&find=holder%3Az');
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
