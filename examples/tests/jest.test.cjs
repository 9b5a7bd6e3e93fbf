/** Four tests with Jest, in CommonJS, all at once on one server: each has separate tenants, clocks and faults. */
const { afterAll, beforeAll, describe, expect, it } = require('@jest/globals');
const { startHeartbeatd } = require('heartbeatd');
const { pbxApplication, pubnubUser, slsConsumer, slsProducer } = require('./clients.js');

let hb;
beforeAll(async () => {
  hb = await startHeartbeatd();
});
afterAll(() => hb.close());

describe('with heartbeatd', () => {
  it.concurrent('a PBX token expires after 30 quiet minutes while another application keeps beating', async () => {
    const { pbx } = hb.tenant();
    const quiet = pbxApplication(pbx);
    const lively = pbxApplication(pbx);
    await quiet.login();
    await lively.login();

    await pbx.clock.advance('30m', { beating: [{ holder: lively.token }] });

    expect(await quiet.heartbeat()).toMatchObject({ status: 'Failed', errno: '20004' });
    expect(await lively.heartbeat()).toMatchObject({ status: 'Success' });
  });

  it.concurrent('consumer c1 crashes, c2 takes its shards, nothing is consumed twice', async () => {
    const { project, clock, journal } = hb.tenant().sls;
    const write = await slsProducer(hb, project);
    const written = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const text of written) await write(text);

    const c1 = slsConsumer(hb, project, 'c1');
    await c1.heartbeat();
    expect(c1.shards).toEqual([0, 1, 2, 3]);
    const c2 = slsConsumer(hb, project, 'c2');
    await c2.heartbeat();
    expect(c2.shards).toEqual([]);
    // c1 crashes halfway.
    await c1.consume(0);
    await c1.consume(1);
    await clock.advance('60s', { beating: [{ holder: 'c2' }] });
    await c2.heartbeat();
    expect(c2.shards).toEqual([0, 1, 2, 3]);
    for (const shard of c2.shards) await c2.consume(shard);

    await expect(c1.heartbeat()).rejects.toMatchObject({ code: 'NotExistConsumerWithBody' });
    const { entries } = await journal.read({ operation: 'PullLogs' });
    const consumed = entries.flatMap(({ reply }) => JSON.stringify(reply).match(/(?<="text":")\w+/g) ?? []);
    expect(consumed.toSorted()).toEqual(written.toSorted());
  });

  it.concurrent('the reply to a publish is lost, the client retries, the subscriber sees it twice', async () => {
    const { presence } = hb.tenant();
    const alice = pubnubUser(presence, 'alice');
    const bob = pubnubUser(presence, 'bob');
    const received = [];
    const twice = new Promise((resolve) => {
      alice.addListener({
        message: ({ message }) => {
          if (received.push(message) === 2) resolve();
        },
      });
    });
    alice.subscribe({ channels: ['lobby'] });
    await hb.waitForEvent({ tenant: presence.tenant, type: 'presence.join', holder: 'alice' });

    await presence.faults.add({ match: { operation: 'Publish' }, do: { drop: 'after' } });
    // Jest's sandbox has another Error class, so the SDK does not retry after an error of fetch. The application does.
    const publish = () => bob.publish({ channel: 'lobby', message: 'hello' });
    await publish().catch(publish);

    await twice;
    expect(received).toEqual(['hello', 'hello']);
    await presence.journal.waitFor({ operation: 'Publish' }, { atLeast: 2 });
    for (const user of [alice, bob]) user.destroy();
  });

  it.concurrent('bob times out of the lobby and alice hears it', async () => {
    const { presence } = hb.tenant();
    const alice = pubnubUser(presence, 'alice');
    const bob = pubnubUser(presence, 'bob');
    const timedOut = new Promise((resolve) => {
      alice.addListener({
        presence: (event) => {
          if (event.action === 'timeout') resolve(`${event.uuid} timed out of ${event.channel}`);
        },
      });
    });
    const joined = (holder) =>
      hb.waitForEvent({ tenant: presence.tenant, type: 'presence.join', group: 'lobby', holder });
    alice.subscribe({ channels: ['lobby'], withPresence: true });
    await joined('alice');
    bob.subscribe({ channels: ['lobby'] });
    await joined('bob');

    await presence.clock.advance('5m', { beating: [{ holder: 'alice' }] });

    expect(await timedOut).toBe('bob timed out of lobby');
    for (const user of [alice, bob]) user.destroy();
  });
});
