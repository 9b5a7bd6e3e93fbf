/** Commands about requests and events: tail, verify, fault, journal. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { beat, hb, run, start, useServer } from './server.ts';

useServer();

it('tail prints events since a number, and survives a reader that stops', async () => {
  await beat('tailed', 'ann');
  const { child, ended } = start(['tail', '--since', '0', '--tenant', 'presence/tailed']);
  let out = '';
  for await (const chunk of child.stdout) {
    out += String(chunk);
    if (out.includes('request')) break;
  }
  expect(out).toMatch(/lease\.granted +protocol=presence tenant=presence\/tailed group=lobby holder=ann/);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

it('verify exits with 0 or 1, and shows the closest request', async () => {
  await beat('verified', 'ann');
  const expected = (holder: string): string =>
    JSON.stringify({ match: { tenant: 'presence/verified', holder } });
  expect(await run(['verify', expected('ann')])).toMatchObject({ code: 0 });
  expect(await run(['verify', '-'], expected('bob'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('holder is "ann", not "bob"'),
  });
  expect(await run(['verify', '{'])).toMatchObject({ code: 2 });
});

it('fault adds, lists and removes rules', async () => {
  const rule = '{"match":{"tenant":"presence/faulty"},"do":{"status":503}}';
  const { out: id } = await run(['fault', 'add', rule]);
  expect((await beat('faulty', 'ann')).status).toBe(503);
  expect((await run(['fault', 'ls'])).out).toMatch(new RegExp(`${id.trim()} .* 1 +0`));
  expect(await run(['fault', 'rm', id.trim()])).toMatchObject({ code: 0 });
  expect((await run(['fault', 'ls'])).out).toBe('no faults\n');
});

it('journal lists the newest requests, also as curl commands', async () => {
  await beat('kept', 'ann');
  expect((await run(['journal', '--tenant', 'presence/kept'])).out).toMatch(/Heartbeat +ann +200/);
  const { out } = await run(['journal', '--tenant', 'presence/kept', '--format', 'curl']);
  expect(out).toContain(`curl '${hb.url}/v2/presence/sub-key/kept/channel/lobby/heartbeat`);
});

it('journal and tail select reports under a name that is in no document', async () => {
  const application = await hb.actors.start({ tenant: 'pbx/default', group: 'api' });
  await hb.operator.json('POST', '/pbx/events', { body: { report: 'Raw', body: { action: 'Homemade' } } });
  await hb.journal.waitFor({ operation: 'Homemade', direction: 'out' });
  const named = await run(['journal', '--operation', 'Homemade', '--direction', 'out']);
  expect(named).toMatchObject({ code: 0, out: expect.stringContaining('Homemade') });
  const { child, ended } = start(['tail', '--since', '0', '--body', '{"operation":"Homemade"}']);
  const [shown] = (await once(child.stdout, 'data')) as [Buffer];
  expect(shown.toString()).toContain('operation=Homemade');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  await application.leave();
});

it('journal lists as many requests as --limit in every format, the newest last', async () => {
  for (const uuid of ['ann', 'bob', 'cid']) await beat('limited', uuid);
  const listed = ['journal', '--tenant', 'presence/limited', '--limit', '2'];
  for (const format of ['table', 'json', 'curl', 'har']) {
    const { out } = await run([...listed, '--format', format]);
    expect([...new Set(out.match(/\b(?:ann|bob|cid)\b/g))], format).toEqual(['bob', 'cid']);
  }
});
