/** The view of SLS in a real Chromium. */
import { describe, expect, it } from 'vitest';
import { heartbeat, makeGroup, open, page, sls, useConsole } from './console-page.ts';

useConsole();

describe('a journey through', () => {
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
});
