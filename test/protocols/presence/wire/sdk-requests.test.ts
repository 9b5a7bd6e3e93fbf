/** Requests as each SDK writes them, and the shapes of the real service's recorded replies to them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';

const key = 'sub-c-demo';
let started: StartedApp;
beforeAll(async () => {
  started = await startApp();
  await started.store.freezeClock(true);
  for (const path of [
    `/v1/channel-registration/sub-key/${key}/channel-group/g?add=x%2Cy`,
    `/v2/presence/sub-key/${key}/channel/a/heartbeat?uuid=u1&heartbeat=300&state=${encodeURIComponent('{"a":{"s":["x"]}}')}`,
    `/v2/presence/sub-key/${key}/channel/b%20c,x/heartbeat?uuid=u2&heartbeat=300`,
  ]) {
    expect((await started.app.inject(path)).statusCode).toBe(200);
  }
});
afterAll(() => started.close());

const ok = { status: 200, message: 'OK', service: 'Presence' };
const left = { ...ok, action: 'leave' };
const channels = (found: object, total_channels: number, total_occupancy: number): object => ({
  ...ok,
  payload: { channels: found, total_channels, total_occupancy },
});
const sent = [1, 'Sent', expect.stringMatching(/^\d{17}$/)];
const handshake = { t: { t: expect.stringMatching(/^\d{17}$/), r: 1 }, m: [] };
const p = `/v2/presence/sub-key/${key}`;
const q = `/v2/presence/sub_key/${key}`;

describe.each<readonly [string, readonly (readonly [string, unknown])[]]>([
  [
    'Go',
    [
      [
        `${q}/channel/a?disable-uuids=0&state=1&limit=1000&offset=0&uuid=u1&pnsdk=PubNub-Go%2F9`,
        { ...ok, occupancy: 1, uuids: [{ uuid: 'u1', state: { s: ['x'] } }] },
      ],
      [`${q}/channel/a?disable-uuids=1&limit=1000`, { ...ok, occupancy: 1 }],
      [
        `${q}?disable-uuids=1&limit=1000`,
        channels({ a: { occupancy: 1 }, 'b c': { occupancy: 1 }, x: { occupancy: 1 } }, 3, 3),
      ],
    ],
  ],
  [
    'Swift',
    [
      [`/v2/subscribe/${key}/a,a-pnpres/0?tt=0&tr=0&heartbeat=300&ee&uuid=u1`, handshake],
      [`${p}/channel/a/heartbeat?ee&heartbeat=300&state=%7B%7D&uuid=u1`, ok],
      [`${p}/channel/a?disable_uuids=0&state=0&limit=1000&offset=0`, { ...ok, occupancy: 1, uuids: ['u1'] }],
      [`${p}/channel/nobody/leave?ee&uuid=u1`, left],
    ],
  ],
  [
    'Kotlin',
    [
      [
        `${q}/channel/a,b%20c?state=1&uuid=u1`,
        channels(
          {
            a: { occupancy: 1, uuids: [{ uuid: 'u1', state: { s: ['x'] } }] },
            'b c': { occupancy: 1, uuids: [{ uuid: 'u2' }] },
          },
          2,
          2,
        ),
      ],
      [
        `${q}?uuid=u1`,
        channels(
          {
            a: { occupancy: 1, uuids: ['u1'] },
            'b c': { occupancy: 1, uuids: ['u2'] },
            x: { occupancy: 1, uuids: ['u2'] },
          },
          3,
          3,
        ),
      ],
    ],
  ],
  [
    'Objective-C',
    [
      [`${q}/channel/nowhere/leave?uuid=u1`, left],
      [`${q}/channel/wild.*/leave?uuid=u1`, left],
      [
        `${p}/channel/,?channel-group=g&disable_uuids=0&limit=1000&state=1`,
        channels({ x: { occupancy: 1, uuids: [{ uuid: 'u2' }] } }, 1, 1),
      ],
      [
        `${p}/channel/,?channel-group=g&disable_uuids=1&limit=1000&state=0`,
        channels({ x: { occupancy: 1 } }, 1, 1),
      ],
      [`${p}/channel/,/heartbeat?channel-group=g&heartbeat=300&uuid=u2`, ok],
      [`/publish/pub/${key}/0/n/0/%22ab/cd+e=%22?seqn=3`, sent],
    ],
  ],
  [
    'Ruby',
    [
      [`/v2/subscribe/${key}/n/0?t=${encodeURIComponent('{"r":0,"t":0}')}&uuid=&heartbeat=`, handshake],
      [`${p}/channel/a/heartbeat?heartbeat=&uuid=u1`, ok],
      [`${q}/channel/empty/uuid/u1`, { ...ok, channel: 'empty', uuid: 'u1', payload: {} }],
      [
        `/publish/pub/${key}/0/n!~*'()/0/${encodeURIComponent('{"text":"x"}')}?seqn=1&ortt=${encodeURIComponent('{"t":"14708625829775958"}')}`,
        sent,
      ],
      [`/signal/pub/${key}/0/n/0/%22x%22?ortt=&seqn=2`, sent],
      [`${p}/channel/nobody`, { ...ok, occupancy: 0, uuids: [] }],
    ],
  ],
  [
    'C#',
    [
      [`/v2/subscribe/${key}/a/0?tt=0&tr=0&requestid=1&instanceid=2&uuid=u1&l_pub=0.1`, handshake],
      [`${p}/uuid/u1?requestid=1`, { ...ok, payload: { channels: ['a'] } }],
    ],
  ],
  [
    'Python',
    [
      [`${p}/channel/nobody,nobody-pnpres/leave?channel-group=other,other-pnpres&uuid=u1`, left],
      [
        `${p}/channel/a,b%20c/uuid/u1?uuid=u1`,
        { ...ok, uuid: 'u1', payload: { channels: { a: { s: ['x'] }, 'b c': {} } } },
      ],
      [`/publish/pub/${key}/0/n/0/%22x%22?norep=1&store=0`, sent],
    ],
  ],
])('the %s SDK', (_, exchanges) => {
  it.each(exchanges)('%s', async (url, answer) => {
    const { statusCode, body } = await started.app.inject(url);
    expect(JSON.parse(body)).toEqual(answer);
    expect(statusCode).toBe(200);
  });
});
