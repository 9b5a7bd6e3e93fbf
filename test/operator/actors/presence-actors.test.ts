/** A subscriber with the JavaScript SDK, unmodified, meets subscribers that the server simulates. */
import PubNub from 'pubnub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';

let hb: StartedHeartbeatd;
let alice: PubNub;
const tenant = 'presence/demo';
beforeEach(async () => {
  hb = await startHeartbeatd();
  await hb.store.freezeClock();
});
afterEach(async () => {
  alice?.destroy();
  await hb.close();
});

/** Subscribes as alice; returns what she received, as `<action> <uuid>`. */
async function subscribe(): Promise<string[]> {
  const received: string[] = [];
  alice = new PubNub({ ...hb.presence.config('demo'), userId: 'alice', presenceTimeout: 300 });
  alice.addListener({
    presence: (event) => {
      const {
        action,
        uuid = '',
        occupancy,
        state,
      } = event as {
        action: string;
        uuid?: string;
        occupancy: number;
        state?: object;
      };
      received.push(
        `${action} ${uuid || occupancy}${state === undefined ? '' : ` ${JSON.stringify(state)}`}`,
      );
    },
  });
  alice.subscribe({ channels: ['lobby'], withPresence: true });
  await expect.poll(() => received).toContain('join alice');
  return received;
}
const occupancy = async (): Promise<number> => (await alice.hereNow({ channels: ['lobby'] })).totalOccupancy;

const advance = (by: string) =>
  hb.operator.json<{ fired: { holder: string }[]; settled: boolean }>('POST', '/clock', {
    body: { tenant, advance: by, beating: [{ holder: 'alice' }] },
  });

describe('a subscriber under test', () => {
  it('hears an actor join, change its state, leave, and time out', async () => {
    const received = await subscribe();
    const bob = await hb.actors.start({ tenant, group: 'lobby', name: 'bob', state: { mood: 'new' } });
    await expect.poll(() => received).toContain('join bob {"mood":"new"}');
    await bob.behave({ state: { mood: 'fine' } });
    await expect.poll(() => received).toContain('state-change bob {"mood":"fine"}');
    await bob.leave();
    await expect.poll(() => received.at(-1)).toContain('leave bob');
    const carol = await hb.actors.start({ tenant, group: 'lobby', name: 'carol', timeout: 60 });
    await expect.poll(() => received).toContain('join carol');
    await advance('2m');
    expect((await carol.read()).clients[0]).toMatchObject({ beats: 7, present: true });
    await carol.behave({ behaviour: 'silent' });
    await advance('60s');
    await expect.poll(() => received.join()).toContain('timeout carol');
  });

  it('meets a join storm of 500, and a leave storm', async () => {
    const received = await subscribe();
    const storm = await hb.actors.start({ tenant, group: 'lobby', name: 'fan', count: 500, timeout: 300 });
    expect(await occupancy()).toBe(501);
    // The rate of joins is above what is announced one by one.
    await advance('10s');
    await expect.poll(() => received).toContain('interval 501');
    const { count, beats, problems, clients } = await storm.read();
    expect({ count, beats, problems }).toEqual({ count: 500, beats: 500, problems: 0 });
    expect([clients[0]?.name, clients[499]?.name]).toEqual(['fan-1', 'fan-500']);
    await storm.leave();
    expect(await occupancy()).toBe(1);
    await advance('10s');
    await expect.poll(() => received).toContain('interval 1');
  });

  it('sees a flapping actor come and go with the lease clock', async () => {
    const received = await subscribe();
    await using _flapping = await hb.actors.start({
      ...{ tenant, group: 'lobby', name: 'moth', behaviour: 'flapping' },
      ...{ every: '5s' as const },
    });
    await advance('15s');
    const moves = (): string[] => received.filter((line) => line.endsWith('moth'));
    await expect.poll(moves).toEqual(['join moth', 'leave moth', 'join moth', 'leave moth']);
  });
});

describe('an actor that is a subscriber', () => {
  it('needs no grant where keysets are verified, and is refused a channel that is invalid', async () => {
    await hb.close();
    hb = await startHeartbeatd({
      settings: { presenceAuth: 'verify', presenceKeys: ['demo:pub:secret'] },
    });
    await using bob = await hb.actors.start({ tenant, group: 'lobby,attic', name: 'bob' });
    expect((await bob.read()).clients[0]).toMatchObject({ problem: null, channels: ['lobby', 'attic'] });
    await expect(hb.actors.start({ tenant, group: '', name: 'bob' })).rejects.toMatchObject({ status: 400 });
  });
});
