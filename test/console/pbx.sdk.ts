/** The view of the PBX in a real Chromium. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hb, open, page, useConsole } from './console-page.ts';

useConsole();

describe('a journey through', () => {
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

  it('PBX: a name is kept while it is typed and others change the model, and a refused one is not', async () => {
    await open('pbx');
    const name = page.getByLabel('Name of 1000');
    await name.selectText();
    await page.keyboard.type('Ali');
    await hb.operator.json('PUT', '/pbx/extensions/1000', { body: { status: 'Busy' } });
    await expect.poll(() => page.getByLabel('Status of 1000').inputValue()).toBe('Busy');
    await page.keyboard.type('ce');
    expect(await name.inputValue()).toBe('Alice');
    await page.keyboard.press('Enter');
    await page.getByText('Change 1000: done').first().waitFor({ state: 'attached' });
    expect(await hb.operator.json('GET', '/pbx/model')).toMatchObject({
      extensions: expect.arrayContaining([expect.objectContaining({ number: '1000', username: 'Alice' })]),
    });
    await hb.operator.json('PUT', '/pbx/trunks/sip9', { body: { type: 'SIP', status: 'Registered' } });
    const type = page.getByLabel('Type of sip9');
    await type.fill('');
    await page.keyboard.press('Enter');
    await page
      .getByText(/^Change sip9: .*type/)
      .first()
      .waitFor({ state: 'attached' });
    expect(await type.inputValue()).toBe('SIP');
  });
});
