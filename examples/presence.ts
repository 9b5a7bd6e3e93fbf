/**
 * Two PubNub users in a channel: they see each other join and speak, and one times out without waiting.
 *
 *     npx node examples/presence.ts
 */
import PubNub from 'pubnub';
import { openServer } from './server.ts';

const server = await openServer();

/** The vendor's client. Only its keys, `origin` and `ssl` differ from production. */
const user = (userId: string, presenceTimeout: number): PubNub =>
  new PubNub({
    ...server.presence.config('example'),
    userId,
    presenceTimeout,
  });

// Removes what an earlier run left on a server that keeps running.
await server.reset('presence/example');
const ann = user('ann', 300);
const bob = user('bob', 20);

/** Prints each event that ann receives and resolves once she received this one. */
function annReceives(expected: string): Promise<void> {
  return new Promise((resolve) => {
    const receive = (event: string): void => {
      console.log(`ann received: ${event}`);
      if (event !== expected) return;
      ann.removeListener(listener);
      resolve();
    };
    const listener: PubNub.Listener = {
      presence: (event) => {
        if ('uuid' in event && 'occupancy' in event)
          receive(`${event.action} ${event.uuid}, occupancy ${event.occupancy}`);
      },
      message: ({ publisher, message }) => receive(`message from ${publisher}: ${JSON.stringify(message)}`),
    };
    ann.addListener(listener);
  });
}

const annJoined = annReceives('join ann, occupancy 1');
ann.subscribe({ channels: ['lobby'], withPresence: true });
await annJoined;

const bobJoined = annReceives('join bob, occupancy 2');
bob.subscribe({ channels: ['lobby'] });
await bobJoined;

const spoken = annReceives('message from bob: {"text":"hello"}');
await bob.publish({ channel: 'lobby', message: { text: 'hello' } });
await spoken;

const { channels } = await ann.hereNow({ channels: ['lobby'] });
console.log(`here now: ${channels.lobby?.occupants.map(({ uuid }) => uuid).join(', ')}`);

// bob's presence timeout is 20 seconds, and no heartbeat of his falls into these 20.
const timedOut = annReceives('timeout bob, occupancy 1');
await server.clock.advance('20s');
await timedOut;

bob.destroy();
ann.destroy();
await server.close();
// The SDK keeps the timer of its last poll, which would hold the process for minutes.
process.exit();
