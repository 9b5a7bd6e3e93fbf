/** The view of Presence in a real Chromium. */
import { describe, it } from 'vitest';
import { beat, hb, open, page, useConsole } from './console-page.ts';

useConsole();

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

describe('a journey through', () => {
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
});
