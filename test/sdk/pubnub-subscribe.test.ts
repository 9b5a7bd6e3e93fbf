/** The JavaScript SDK's own subscribe loops, unmodified: the event engine, and the older one. */
import PubNub from 'pubnub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
const clients: PubNub[] = [];
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock(true);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await started.close();
});

/** Everything that a client received, as lines, and a way to wait for some of them. */
interface Received {
  readonly lines: string[];
  /** Resolves when each of these was received since the last call; keeps the others for the next. */
  wait(...wanted: string[]): Promise<void>;
}

function listen(client: PubNub): Received {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let pending: string[] = [];
  const add = (line: string): void => {
    lines.push(line);
    pending.push(line);
    for (const check of waiting) check();
  };
  client.addListener({
    presence: (event) => {
      const { action, channel, occupancy, uuid, state } = event as {
        action: string;
        channel: string;
        occupancy: number;
        uuid?: string;
        state?: unknown;
      };
      add(
        `${action} ${uuid} on ${channel}, ${occupancy}${state === undefined ? '' : ` ${JSON.stringify(state)}`}`,
      );
    },
    message: ({ channel, subscription, message, publisher }) =>
      add(
        `message ${JSON.stringify(message)} on ${channel} through ${subscription ?? channel} by ${publisher}`,
      ),
    signal: ({ channel, message }) => add(`signal ${JSON.stringify(message)} on ${channel}`),
    status: ({ category }) => add(`status ${category}`),
  });
  return {
    lines,
    wait(...wanted) {
      return new Promise((resolve) => {
        const check = (): void => {
          const left = [...pending];
          for (const line of wanted) {
            const at = left.indexOf(line);
            if (at === -1) return;
            left.splice(at, 1);
          }
          pending = left;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      });
    },
  };
}

/** Resolves with the next request whose target matches. */
function requested(target: RegExp): Promise<void> {
  return new Promise((resolve) => {
    started.app.server.on('request', ({ url }) => {
      if (target.test(url ?? '')) resolve();
    });
  });
}

describe.each([
  ['the event engine', true],
  ['the older loop', false],
])('with %s', (_, enableEventEngine) => {
  const client = (userId: string, changes: Record<string, unknown> = {}): PubNub => {
    const made = new PubNub({
      subscribeKey: 'sub-c-demo',
      publishKey: 'pub-c-demo',
      userId,
      origin: started.url.slice('http://'.length),
      ssl: false,
      presenceTimeout: 20,
      enableEventEngine,
      ...changes,
    });
    clients.push(made);
    return made;
  };

  it('two users receive the join, state, message, leave and timeout of each other', async () => {
    const ann = client('ann');
    const bob = client('bob');
    const annHears = listen(ann);
    const bobHears = listen(bob);

    ann.subscribe({ channels: ['room'], withPresence: true });
    await annHears.wait('status PNConnectedCategory', 'join ann on room, 1');
    bob.subscribe({ channels: ['room'], withPresence: true });
    await annHears.wait('join bob on room, 2');
    await bobHears.wait('join bob on room, 2');
    const here = await ann.hereNow({ channels: ['room'] });
    expect(here.channels.room?.occupants.map(({ uuid }) => uuid).sort()).toEqual(['ann', 'bob']);

    await bob.setState({ channels: ['room'], state: { mood: 'ok' } });
    await annHears.wait('state-change bob on room, 2 {"mood":"ok"}');

    await bob.publish({ channel: 'room', message: { hello: 'wörld/?' } });
    await annHears.wait('message {"hello":"wörld/?"} on room through room by bob');
    await bob.publish({ channel: 'room', message: 'by post', sendByPost: true });
    await annHears.wait('message "by post" on room through room by bob');
    await bob.signal({ channel: 'room', message: 'typing' });
    await annHears.wait('signal "typing" on room');
    await bob.fire({ channel: 'room', message: 'to nobody' });

    bob.unsubscribe({ channels: ['room'] });
    await annHears.wait('leave bob on room, 1 {"mood":"ok"}');
    expect(await ann.whereNow({ uuid: 'bob' })).toEqual({ channels: [] });

    // As after a power failure: nothing more is sent.
    const carl = client('carl', { suppressLeaveEvents: true });
    carl.subscribe({ channels: ['room'] });
    await annHears.wait('join carl on room, 2');
    carl.destroy();
    await started.store.advanceClock(19_000);
    await fetch(`${started.url}/v2/presence/sub-key/sub-c-demo/channel/room/heartbeat?uuid=ann`);
    await started.store.advanceClock(1_000);
    await annHears.wait('timeout carl on room, 1 {}');
    expect(annHears.lines.join('\n')).not.toContain('to nobody');
  });

  it('reconnecting within the timeout is no second join', async () => {
    const ann = client('ann');
    const bob = client('bob', { suppressLeaveEvents: true });
    const annHears = listen(ann);
    const bobHears = listen(bob);
    ann.subscribe({ channels: ['room'], withPresence: true });
    await annHears.wait('join ann on room, 1');
    bob.subscribe({ channels: ['room'] });
    await annHears.wait('join bob on room, 2');
    await bobHears.wait('status PNConnectedCategory');
    bob.disconnect();
    const polls = requested(/\/v2\/subscribe\/.*[?&]tt=\d+&.*uuid=bob/);
    bob.reconnect();
    await polls;
    await ann.publish({ channel: 'room', message: 'mark' });
    await annHears.wait('message "mark" on room through room by ann');
    await bobHears.wait('message "mark" on room through room by ann');
    expect(annHears.lines.filter((line) => line.startsWith('join bob'))).toEqual(['join bob on room, 2']);
  });

  it('receives through channel groups and patterns', async () => {
    const ann = client('ann');
    const bob = client('bob');
    const annHears = listen(ann);
    await ann.channelGroups.addChannels({ channelGroup: 'g', channels: ['x'] });
    ann.subscribe({ channels: ['foo.*'], channelGroups: ['g'], withPresence: true });
    await annHears.wait('status PNConnectedCategory', 'join ann on x, 1', 'join ann on foo.*, 1');
    await bob.publish({ channel: 'x', message: 1 });
    await annHears.wait('message 1 on x through g by bob');
    await bob.publish({ channel: 'foo.bar', message: 2 });
    await annHears.wait('message 2 on foo.bar through foo.* by bob');
    const joined = annHears.wait('join bob on foo.bar, 1');
    bob.subscribe({ channels: ['foo.bar'] });
    await joined;
    await ann.channelGroups.addChannels({ channelGroup: 'g', channels: ['y'] });
    await bob.publish({ channel: 'y', message: 3 });
    await annHears.wait('message 3 on y through g by bob');
  });

  it('catches up on messages that were published while it was disconnected', async () => {
    const ann = client('ann');
    const bob = client('bob');
    const annHears = listen(ann);
    const { timetoken } = await bob.publish({ channel: 'room', message: 'before' });
    await bob.publish({ channel: 'room', message: 'missed' });
    ann.subscribe({ channels: ['room'], timetoken: String(timetoken) });
    await annHears.wait('message "missed" on room through room by bob');
    expect(annHears.lines.join('\n')).not.toContain('before');
  });

  it('is refused a subscribe without a token, with the reason, and allowed one with it', async () => {
    await started.close();
    started = await startApp({
      presenceKeys: ['sub-c-demo:pub-c-demo:sec-c-demo'],
      presenceAuth: 'verify',
    });
    const admin = client('admin', { secretKey: 'sec-c-demo' });
    const ann = client('ann');
    const annHears = listen(ann);
    await expect(ann.hereNow({ channels: ['room'] })).rejects.toMatchObject({
      status: { statusCode: 403, category: 'PNAccessDeniedCategory' },
    });
    const token = await admin.grantToken({
      ttl: 5,
      authorized_uuid: 'ann',
      resources: { channels: { room: { read: true }, 'room-pnpres': { read: true } } },
    });
    expect(ann.parseToken(token)).toMatchObject({
      version: 2,
      ttl: 5,
      authorized_uuid: 'ann',
      resources: { channels: { room: { read: true } } },
    });
    ann.setToken(token);
    ann.subscribe({ channels: ['room'], withPresence: true });
    await annHears.wait('join ann on room, 1');
    await expect(ann.publish({ channel: 'room', message: 1 })).rejects.toMatchObject({
      status: { statusCode: 403 },
    });
    await admin.publish({ channel: 'room', message: 'signed' });
    await annHears.wait('message "signed" on room through room by admin');
    await admin.revokeToken(token);
    await expect(ann.hereNow({ channels: ['room'] })).rejects.toMatchObject({
      status: { statusCode: 403 },
    });
  });
});
