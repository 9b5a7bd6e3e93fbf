/** The JavaScript SDK of Presence while the clock of its key is moved, and after that was taken back. */
import PubNub from 'pubnub';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

const tenant = 'presence/demo';
let started: StartedApp;
let alice: PubNub;
let heard: string[];
beforeEach(async () => {
  started = await startApp();
  heard = [];
});
afterEach(async () => {
  alice.destroy();
  await started.close();
});

const operator = async (method: 'POST' | 'PUT', path: string, payload: object): Promise<void> => {
  const reply = await started.app.inject({ method, url: `/_heartbeatd${path}`, payload });
  expect(reply.statusCode).toBe(200);
};
const beat = (uuid: string) =>
  fetch(`${started.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`);
const hears = (line: string) => expect.poll(() => heard, { interval: 5 }).toContain(line);

/** Alice hears bob join, and time out ten minutes of the lease clock later. */
async function hearBobTimeOut(): Promise<void> {
  heard.length = 0;
  await beat('bob');
  await hears('join bob');
  await operator('POST', '/clock', { tenant, advance: '10m' });
  await hears('timeout bob');
}

const takenBack = {
  'a reset of the key': () => operator('POST', '/reset', { tenant }),
  'a reset of all': () => operator('POST', '/reset', {}),
  'a state that replaced the key': () =>
    operator('PUT', `/state?tenant=${encodeURIComponent(tenant)}`, { tenants: { [tenant]: {} } }),
};

it.each(
  [true, false].flatMap((enableEventEngine) =>
    Object.entries(takenBack).map(([by, act]) => ({ enableEventEngine, by, act })),
  ),
)(
  'a client with enableEventEngine $enableEventEngine hears a uuid time out, and also after $by',
  async ({ enableEventEngine, act }) => {
    const origin = new URL(started.url).host;
    const key = { subscribeKey: 'demo', publishKey: 'demo', userId: 'alice' };
    alice = new PubNub({ ...key, origin, ssl: false, enableEventEngine });
    alice.addListener({
      presence: ({ action, uuid }: { action: string; uuid?: string }) => heard.push(`${action} ${uuid}`),
    });
    alice.subscribe({ channels: ['lobby'], withPresence: true });
    await hears('join alice');
    await hearBobTimeOut();
    await act();
    await hearBobTimeOut();
  },
);
