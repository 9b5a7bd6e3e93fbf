/** Runs in a page: the whole life of a client of the SDK's web build, and what each call came to. */
async function live(PubNub, origin) {
  const outcomes = {};
  const keys = { subscribeKey: 'sub-c-demo', publishKey: 'pub-c-demo', origin, ssl: false };
  const client = new PubNub({ ...keys, userId: 'ann' });
  const attempt = async (name, call) => {
    try {
      outcomes[name] = { value: await call() };
    } catch (error) {
      const { statusCode, errorData } = error.status ?? {};
      outcomes[name] = { statusCode, message: errorData?.message ?? error.message };
    }
  };
  const received = [];
  let arrived = () => {};
  const connected = new Promise((resolve) => {
    client.addListener({
      message: ({ message }) => {
        received.push(message);
        arrived();
      },
      status: ({ category }) => category === 'PNConnectedCategory' && resolve(),
    });
  });
  client.subscribe({ channels: ['räum'], withPresence: true });
  await connected;
  const bothArrived = new Promise((resolve) => {
    arrived = () => received.length >= 2 && resolve();
  });
  const channels = ['räum'];
  await attempt('publish', () => client.publish({ channel: 'räum', message: { n: 1 } }));
  await attempt('publishWithPost', () =>
    client.publish({ channel: 'räum', message: { n: 'zwölf' }, sendByPost: true }),
  );
  await bothArrived;
  outcomes.received = received;
  await attempt('signal', () => client.signal({ channel: 'räum', message: 'x' }));
  await attempt('setState', () => client.setState({ channels, state: { mood: 'ok' } }));
  await attempt('getState', () => client.getState({ channels }));
  await attempt('hereNow', () => client.hereNow({ channels, includeState: true }));
  await attempt('whereNow', () => client.whereNow({ uuid: 'ann' }));
  const group = { channels: ['x'], channelGroup: 'g' };
  await attempt('addChannels', () => client.channelGroups.addChannels(group));
  await attempt('listChannels', () => client.channelGroups.listChannels(group));
  await attempt('removeChannels', () => client.channelGroups.removeChannels(group));
  await attempt('time', () => client.time());
  await attempt('messageCounts', () => client.messageCounts({ channels, channelTimetokens: ['1'] }));
  const action = { channel: 'räum', messageTimetoken: '1' };
  await attempt('history', () => client.fetchMessages({ channels }));
  await attempt('objects', () => client.objects.setUUIDMetadata({ data: { name: 'n' } }));
  await attempt('addAction', () => client.addMessageAction({ ...action, action: { type: 't', value: 'v' } }));
  await attempt('removeAction', () => client.removeMessageAction({ ...action, actionTimetoken: '2' }));
  await attempt('files', () => client.listFiles({ channel: 'räum' }));
  await attempt('push', () => client.push.listChannels({ device: 'd', pushGateway: 'gcm' }));
  const stranger = new PubNub({ ...keys, publishKey: 'other', userId: 'bob' });
  await attempt('wrongKey', () => stranger.publish({ channel: 'räum', message: 1, sendByPost: true }));
  client.unsubscribeAll();
  return outcomes;
}

live(window.PubNub, new URLSearchParams(location.search).get('origin'))
  .catch((error) => ({ failure: String(error.stack) }))
  .then((outcomes) => fetch('/outcomes', { method: 'POST', body: JSON.stringify(outcomes) }));
