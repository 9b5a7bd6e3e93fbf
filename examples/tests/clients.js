/**
 * What the tests in this folder drive: applications that use the vendors' clients as they do in production, except for their address.
 *
 * @import { Heartbeatd, TestTenant } from 'heartbeatd'
 */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import PubNub from 'pubnub';

/**
 * Returns an application of a PBX. No vendor has a client for it: it calls the API with `fetch`.
 *
 * @param {TestTenant['pbx']} pbx
 */
export function pbxApplication({ url, username, password }) {
  /** @param {string} path @param {object} body */
  const call = async (path, body) => {
    const response = await fetch(`${url}/api/v1.1.0/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return /** @type {Record<string, string>} */ (await response.json());
  };
  return {
    token: '',
    async login() {
      this.token = (await call('login', { username, password, port: '8260' })).token ?? '';
    },
    heartbeat() {
      return call(`heartbeat?token=${this.token}`, { ipaddr: '127.0.0.1', port: '8260', url: 'report' });
    },
  };
}

/**
 * Returns a user of Presence, with the SDK's defaults: it is present for 300 seconds and sends no heartbeats.
 *
 * @param {TestTenant['presence']} presence
 * @param {string} userId
 */
export function pubnubUser({ config }, userId) {
  // The policy waits for two seconds at least; a test need not.
  const retryConfiguration = PubNub.LinearRetryPolicy({ delay: 2, maximumRetry: 3 });
  retryConfiguration.getDelay = () => 1;
  return new PubNub({ ...config, userId, retryConfiguration });
}

// The SDKs of SLS take no proxy and put the project in front of the endpoint. In place of lines in the hosts file, names in
// sls.local resolve to this machine.
const { lookup } = dns;
dns.lookup = /** @type {typeof dns.lookup} */ (
  (/** @type {string} */ name, /** @type {any[]} */ ...rest) =>
    Reflect.apply(lookup, dns, [/(?:^|\.)sls\.local$/.test(name) ? '127.0.0.1' : name, ...rest])
);

// They are CommonJS, and their types do not describe what they export.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');
const LogClient = load('@alicloud/log');

const credentials = { accessKeyId: 'any', accessKeySecret: 'any', regionId: 'cn-hangzhou' };
/** @param {Heartbeatd} hb */
const endpointOf = (hb) => `sls.local:${new URL(hb.url).port}`;
/** @param {Heartbeatd} hb */
const slsClient = (hb) =>
  new sls.default(new Config({ ...credentials, endpoint: endpointOf(hb), protocol: 'HTTP' }));

/**
 * Creates a project with a logstore of four shards and a consumer group. Returns a function that writes a log.
 *
 * @param {Heartbeatd} hb
 * @param {string} project
 */
export async function slsProducer(hb, project) {
  const client = slsClient(hb);
  await client.createProject(new sls.CreateProjectRequest({ projectName: project, description: 'test' }));
  const logstore = { logstoreName: 'logs', shardCount: 4, ttl: 1 };
  await client.createLogStore(project, new sls.CreateLogStoreRequest(logstore));
  const group = { consumerGroup: 'group', timeout: 60, order: false };
  await client.createConsumerGroup(project, 'logs', new sls.CreateConsumerGroupRequest(group));
  const producer = new LogClient({ ...credentials, endpoint: `http://${endpointOf(hb)}` });
  /** @param {string} text */
  return async (text) => {
    const timestamp = Math.floor(Date.now() / 1000);
    await producer.postLogStoreLogs(project, 'logs', { logs: [{ timestamp, content: { text } }] });
  };
}

/**
 * Returns a consumer of that group.
 *
 * @param {Heartbeatd} hb
 * @param {string} project
 * @param {string} consumer
 */
export function slsConsumer(hb, project, consumer) {
  const client = slsClient(hb);
  return {
    /** @type {readonly number[]} */
    shards: [],
    /** Reports the shards that it holds, and holds those that it owns from now on. */
    async heartbeat() {
      const request = new sls.ConsumerGroupHeartBeatRequest({ consumer, body: this.shards });
      this.shards = (await client.consumerGroupHeartBeat(project, 'logs', 'group', request)).body;
    },
    /**
     * Reads a shard from its checkpoint on, and saves where the next one continues.
     *
     * @param {number} shard
     */
    async consume(shard) {
      const wanted = new sls.GetCheckPointRequest({ shard });
      const [saved] = (await client.getCheckPoint(project, 'logs', 'group', wanted)).body;
      const begin = new sls.GetCursorRequest({ type: 'cursor', from: 'begin' });
      const cursor =
        saved.checkpoint || (await client.getCursor(project, 'logs', `${shard}`, begin)).body.cursor;
      // The SDK leaves the project out of this call.
      const pulled = await fetch(
        `http://${project}.${endpointOf(hb)}/logstores/logs/shards/${shard}?type=logs&count=100&cursor=${encodeURIComponent(cursor)}`,
      );
      const checkpoint = { shard, consumer, checkpoint: pulled.headers.get('x-log-cursor') };
      await client.consumerGroupUpdateCheckPoint(
        project,
        'logs',
        'group',
        new sls.ConsumerGroupUpdateCheckPointRequest({ ...checkpoint, forceSuccess: false }),
      );
    },
  };
}
