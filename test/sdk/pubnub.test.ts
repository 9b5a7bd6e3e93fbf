/** The JavaScript SDK, unmodified: only its origin differs from the real service. */
import PubNub from 'pubnub';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TenantEvent } from '../../src/store/store.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
const clients: PubNub[] = [];
beforeEach(async () => {
  started = await startApp();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await started.close();
});

/** `join` and `leave` are in the SDK and its documentation, not in its types. */
interface Presence {
  join(parameters: { channels?: string[]; groups?: string[] }): void;
  leave(parameters: { channels?: string[]; groups?: string[] }): void;
}

function client(userId: string): PubNub & Presence {
  const made = new PubNub({
    subscribeKey: 'sub-c-demo',
    publishKey: 'pub-c-demo',
    userId,
    origin: started.url.slice('http://'.length),
    ssl: false,
    presenceTimeout: 20,
    heartbeatInterval: 9,
  }) as PubNub & Presence;
  clients.push(made);
  return made;
}

/** Resolves when the store has recorded as many steps of this type: the SDK does not report successful heartbeats. */
function seen(type: TenantEvent['type'], times: number): Promise<void> {
  return new Promise((resolve) => {
    let left = times;
    const stop = started.store.observe((event) => {
      if (event.type !== type) return;
      left -= 1;
      if (left > 0) return;
      stop();
      resolve();
    });
  });
}

it('joins, is listed, sets state, leaves and times out', async () => {
  const ann = client('user 1/é');
  const bob = client('bob');
  const joined = seen('granted', 3);
  ann.join({ channels: ['lobby', 'b c'] });
  bob.join({ channels: ['lobby'] });
  await joined;

  const here = await ann.hereNow({ channels: ['lobby'] });
  expect(here).toMatchObject({ totalChannels: 1, totalOccupancy: 2 });
  expect(here.channels.lobby?.occupants.map(({ uuid }) => uuid).sort()).toEqual(['bob', 'user 1/é']);
  expect(await bob.hereNow({ channels: ['lobby', 'b c', 'empty'] })).toMatchObject({
    totalChannels: 2,
    totalOccupancy: 3,
  });
  expect(await bob.hereNow({})).toMatchObject({ totalChannels: 2, totalOccupancy: 3 });
  expect((await bob.whereNow({ uuid: 'user 1/é' })).channels.sort()).toEqual(['b c', 'lobby']);

  expect(await ann.setState({ channels: ['lobby'], state: { mood: 'ok', n: 5 } })).toMatchObject({
    state: { mood: 'ok', n: 5 },
  });
  expect(await bob.getState({ uuid: 'user 1/é', channels: ['lobby', 'b c'] })).toMatchObject({
    // One level deeper than for one channel, as the SDK reads the recorded reply of the real service.
    channels: { channels: { lobby: { mood: 'ok', n: 5 }, 'b c': {} } },
  });
  const withState = await bob.hereNow({ channels: ['lobby'], includeState: true });
  expect(withState.channels.lobby?.occupants).toContainEqual({
    uuid: 'user 1/é',
    state: { mood: 'ok', n: 5 },
  });

  const left = seen('released', 2);
  ann.leave({ channels: ['lobby', 'b c'] });
  await left;
  expect(await bob.whereNow({ uuid: 'user 1/é' })).toEqual({ channels: [] });

  await started.store.freezeClock(true);
  await started.store.advanceClock(20_000);
  expect(await ann.hereNow({ channels: ['lobby'] })).toMatchObject({ totalOccupancy: 0 });
});

it('changes channel groups, and renews their channels', async () => {
  const ann = client('ann');
  await ann.channelGroups.addChannels({ channelGroup: 'g', channels: ['x', 'y'] });
  expect(await ann.channelGroups.listChannels({ channelGroup: 'g' })).toEqual({ channels: ['x', 'y'] });
  expect(await ann.channelGroups.listGroups()).toEqual({ groups: ['g'] });
  const joined = seen('granted', 2);
  ann.join({ groups: ['g'] });
  await joined;
  expect(await ann.hereNow({ channelGroups: ['g'] })).toMatchObject({ totalChannels: 2, totalOccupancy: 2 });
  await ann.channelGroups.removeChannels({ channelGroup: 'g', channels: ['y'] });
  expect(await ann.hereNow({ channelGroups: ['g'] })).toMatchObject({ totalChannels: 1 });
  await ann.channelGroups.deleteGroup({ channelGroup: 'g' });
  expect(await ann.channelGroups.listChannels({ channelGroup: 'g' })).toEqual({ channels: [] });
});

it('receives errors in a shape that it understands', async () => {
  const ann = client('ann');
  await expect(ann.hereNow({ channels: ['x'], limit: 1_001 })).rejects.toMatchObject({
    status: { statusCode: 400 },
  });
  expect(String((await ann.time()).timetoken)).toHaveLength(17);
});
