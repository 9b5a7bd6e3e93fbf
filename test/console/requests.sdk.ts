/** The views of requests and of faults in a real Chromium. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { beat, hb, open, page, sls, useConsole } from './console-page.ts';

useConsole();

describe('a journey through', () => {
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
    await page.getByRole('row', { name: /TLS handshake/ }).click();
    await page.getByRole('heading', { name: /^TLS handshake/ }).waitFor();
    expect(await page.getByRole('link', { name: 'Inject a fault on this' }).count()).toBe(0);
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
});
