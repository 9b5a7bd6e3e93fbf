/** Runs in a page: the whole life of clients of the SDK's web build, and what each call came to. */

const keys = { subscribeKey: 'sub-c-demo', publishKey: 'pub-c-demo' };
const parameters = new URLSearchParams(location.search);
const origin = parameters.get('origin');
const outcomes = {};

function clientOf(PubNub, userId, more = {}) {
  return new PubNub({ ...keys, origin, ssl: false, userId, ...more });
}

/** Keeps what a call came to: its value, or the status and message of its error. */
async function attempt(name, call) {
  try {
    outcomes[name] = { value: await call() };
  } catch (error) {
    const { statusCode, errorData } = error.status ?? {};
    outcomes[name] = { statusCode, message: errorData?.message ?? error.message };
  }
}

/** Calls without the SDK what it has no function for, with headers that need a preflight. */
async function call(path, init) {
  const reply = await fetch(`http://${origin}${path}`, init);
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}

/** Calls of the Access Manager, which the web build has no functions for: without a signature, each is refused by name. */
async function callAccessManager() {
  const headers = { 'content-type': 'application/json' };
  await attempt('grantToken', () =>
    call('/v3/pam/sub-c-demo/grant', { method: 'POST', headers, body: '{}' }),
  );
  await attempt('revokeToken', () => call('/v3/pam/sub-c-demo/grant/t', { method: 'DELETE', headers }));
  await attempt('grant', () => call('/v2/auth/grant/sub-key/sub-c-demo?r=1', { headers }));
  await attempt('audit', () => call('/v2/auth/audit/sub-key/sub-c-demo', { headers }));
}

/** Subscribes, and publishes until both messages arrived. */
async function exchange(ann) {
  const received = [];
  let arrived = () => {};
  const connected = new Promise((resolve, reject) => {
    ann.addListener({
      message: ({ message }) => {
        received.push(message);
        arrived();
      },
      presence: ({ action, uuid, channel }) => {
        received.push(`${action} ${uuid} ${channel}`);
        arrived();
      },
      status: (status) =>
        status.category === 'PNConnectedCategory' ? resolve() : reject(new Error(JSON.stringify(status))),
    });
  });
  await attempt('addChannels', () => ann.channelGroups.addChannels({ channels: ['x'], channelGroup: 'g' }));
  ann.subscribe({ channels: ['räum'], channelGroups: ['g'], withPresence: true });
  await connected;
  const allArrived = new Promise((resolve) => {
    arrived = () => received.length >= 4 && resolve();
    arrived();
  });
  const message = { channel: 'räum', customMessageType: 'greeting' };
  await attempt('publish', () =>
    ann.publish({ ...message, message: { n: 1 }, meta: { a: 1 }, storeInHistory: true }),
  );
  await attempt('publishWithPost', () =>
    ann.publish({ ...message, message: { n: 'zwölf' }, sendByPost: true }),
  );
  await allArrived;
  outcomes.received = [...received];
}

async function callEverything(ann) {
  const channels = ['räum'];
  await attempt('signal', () => ann.signal({ channel: 'räum', message: 'x' }));
  await attempt('fire', () => ann.fire({ channel: 'räum', message: 'x' }));
  await attempt('setState', () => ann.setState({ channels, state: { mood: 'ok' } }));
  await attempt('getState', () => ann.getState({ channels }));
  await attempt('hereNow', () => ann.hereNow({ channels, includeState: true }));
  await attempt('globalHereNow', () => ann.hereNow({}));
  await attempt('whereNow', () => ann.whereNow({ uuid: 'ann' }));
  const group = { channels: ['x'], channelGroup: 'g' };
  await attempt('listChannels', () => ann.channelGroups.listChannels(group));
  await attempt('removeChannels', () => ann.channelGroups.removeChannels(group));
  await attempt('deleteGroup', () => ann.channelGroups.deleteGroup(group));
  await attempt('time', () => ann.time());
  await attempt('messageCounts', () => ann.messageCounts({ channels, channelTimetokens: ['1'] }));
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '1' };
  const query = `uuid=ann&auth=${encodeURIComponent(ann.getToken())}`;
  await attempt('publishV2', () => call(`/v2/publish/pub-c-demo/sub-c-demo/0/räum/0?${query}`, init));
  await attempt('signalWithPost', () => call(`/signal/pub-c-demo/sub-c-demo/0/räum/0?${query}`, init));
  await attempt('subscribeV1', () =>
    call(`/subscribe/sub-c-demo/räum/0/0?${query}`, { headers: init.headers }),
  );
}

async function callNotEmulated(ann) {
  const message = { channel: 'räum', messageTimetoken: '1' };
  const device = { device: 'd', pushGateway: 'gcm' };
  const file = { channel: 'räum', id: 'i', name: 'n' };
  await attempt('history', () => ann.fetchMessages({ channels: ['räum'] }));
  await attempt('deleteMessages', () => ann.deleteMessages({ channel: 'räum' }));
  await attempt('setMetadata', () => ann.objects.setUUIDMetadata({ data: { name: 'n' } }));
  await attempt('removeMetadata', () => ann.objects.removeUUIDMetadata());
  await attempt('addAction', () => ann.addMessageAction({ ...message, action: { type: 't', value: 'v' } }));
  await attempt('removeAction', () => ann.removeMessageAction({ ...message, actionTimetoken: '2' }));
  await attempt('listFiles', () => ann.listFiles({ channel: 'räum' }));
  await attempt('sendFile', () => ann.sendFile({ channel: 'räum', file: new File(['x'], 'n') }));
  await attempt('deleteFile', () => ann.deleteFile(file));
  await attempt('push', () => ann.push.listChannels(device));
  await attempt('pushAdd', () => ann.push.addChannels({ ...device, channels: ['räum'] }));
}

/** A client without permissions: each of its calls is refused by the vendor's error. */
async function callRefused(PubNub) {
  const bob = clientOf(PubNub, 'bob');
  const denied = new Promise((resolve) => {
    bob.addListener({ status: ({ error }) => resolve(error) });
  });
  bob.subscribe({ channels: ['räum'], withPresence: true });
  outcomes.deniedSubscribe = await denied;
  bob.unsubscribeAll();
  await attempt('deniedPublish', () => bob.publish({ channel: 'räum', message: 1, sendByPost: true }));
  await attempt('deniedHereNow', () => bob.hereNow({ channels: ['räum'] }));
  const cleo = clientOf(PubNub, 'cleo', { subscribeKey: 'other' });
  await attempt('unknownKey', () => cleo.hereNow({ channels: ['räum'] }));
}

async function live(PubNub) {
  const ann = clientOf(PubNub, 'ann', { presenceTimeout: 60 });
  ann.setToken(parameters.get('token'));
  await exchange(ann);
  await callEverything(ann);
  await callNotEmulated(ann);
  await callAccessManager();
  await callRefused(PubNub);
  ann.unsubscribeAll();
  ann.setToken(parameters.get('revoked'));
  await attempt('afterRevocation', () => ann.publish({ channel: 'räum', message: 1 }));
  return outcomes;
}

live(window.PubNub)
  .catch((error) => ({ ...outcomes, failure: String(error.stack) }))
  .then((result) => fetch('/outcomes', { method: 'POST', body: JSON.stringify(result) }));
