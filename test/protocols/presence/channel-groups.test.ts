import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

const root = '/v1/channel-registration/sub-key/s/channel-group';
const get = async (url: string): Promise<unknown> =>
  JSON.parse((await started.app.inject({ method: 'GET', url })).body);

it('channels of a group and groups of a key are listed in order, whatever order they were added in', async () => {
  await get(`${root}/g?add=my-channel,my-another-channel,B,%C3%A4`);
  await get(`${root}/g?add=a`);
  await get(`${root}/f?add=x`);
  expect(await get(`${root}/g`)).toEqual({
    status: 200,
    payload: { channels: ['B', 'a', 'my-another-channel', 'my-channel', 'ä'], group: 'g' },
    service: 'channel-registry',
    error: false,
  });
  expect(await get(root)).toEqual({
    status: 200,
    payload: { namespace: '', groups: ['f', 'g'] },
    service: 'channel-registry',
    error: false,
  });
});

it('presence events of a channel reach a subscriber of the companion of its group', async () => {
  await get(`${root}/g?add=x`);
  const subscribe = '/v2/subscribe/s/,/0?channel-group=g-pnpres&uuid=ann';
  const { t } = (await get(subscribe)) as { t: { t: string } };
  await get('/v2/presence/sub-key/s/channel/x/heartbeat?uuid=bob');
  expect(await get(`${subscribe}&tt=${t.t}`)).toMatchObject({
    m: [{ c: 'x-pnpres', b: 'g-pnpres', d: { action: 'join', uuid: 'bob', occupancy: 1 } }],
  });
});

it('a subscriber of a group but not of its companion receives messages alone, and is present in its channels', async () => {
  await get(`${root}/g?add=x`);
  const subscribe = '/v2/subscribe/s/,/0?channel-group=g&uuid=ann';
  const { t } = (await get(subscribe)) as { t: { t: string } };
  await get('/v2/presence/sub-key/s/channel/x/heartbeat?uuid=bob');
  await get('/publish/p/s/0/x/0/1');
  const { m } = (await get(`${subscribe}&tt=${t.t}`)) as { m: unknown[] };
  expect(m).toMatchObject([{ c: 'x', b: 'g', d: 1 }]);
  expect(await get('/v2/presence/sub-key/s/channel/x')).toMatchObject({ uuids: ['ann', 'bob'] });
});
