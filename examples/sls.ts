/**
 * Two consumers of an SLS consumer group: shards are assigned, handed over, and taken from a consumer that stops sending
 * heartbeats, without waiting for its timeout.
 *
 *     npx node examples/sls.ts
 */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import { openServer } from './server.ts';

const server = await openServer();
const { hostname, port } = new URL(server.url);

// This client puts the project in front of the endpoint, and takes no proxy: example.sls.local has to resolve. In place of a line
// "127.0.0.1 example.sls.local" in the hosts file, names below sls.local resolve to the server in this process.
const { lookup } = dns;
dns.lookup = ((name: string, ...rest: never[]) =>
  (lookup as (...args: unknown[]) => void)(
    /(?:^|\.)sls\.local$/.test(name) ? hostname : name,
    ...rest,
  )) as typeof dns.lookup;

// The vendor's client is CommonJS; its types do not describe what it exports.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');
const client = new sls.default(
  new Config({
    accessKeyId: 'any',
    accessKeySecret: 'any',
    endpoint: `sls.local:${port}`,
    protocol: 'HTTP',
    regionId: 'cn-hangzhou',
  }),
);

// Removes what an earlier run left on a server that keeps running.
await server.reset('sls/example');
await client.createProject(new sls.CreateProjectRequest({ projectName: 'example', description: 'example' }));
await client.createLogStore(
  'example',
  new sls.CreateLogStoreRequest({ logstoreName: 'logs', shardCount: 4, ttl: 30 }),
);
await client.createConsumerGroup(
  'example',
  'logs',
  new sls.CreateConsumerGroupRequest({ consumerGroup: 'group', timeout: 60, order: false }),
);

const owned = new Map<string, readonly number[]>();

/** Sends a heartbeat of a consumer that holds the shards of its last reply; prints the reply: the shards that it owns now. */
async function heartbeat(consumer: string): Promise<void> {
  const held = owned.get(consumer) ?? [];
  const request = new sls.ConsumerGroupHeartBeatRequest({ consumer, body: held });
  try {
    const { body } = await client.consumerGroupHeartBeat('example', 'logs', 'group', request);
    owned.set(consumer, body);
    console.log(`${consumer} holds [${held}]: owns [${body}]`);
  } catch (error) {
    console.log(`${consumer} holds [${held}]: ${(error as { code: string }).code}`);
  }
}

await heartbeat('a');
await heartbeat('b');
// Hand-over: two shards leave the reply to a; b gets them after a heartbeat of a that no longer reports them.
await heartbeat('a');
await heartbeat('a');
await heartbeat('b');

// b sends a heartbeat in time, a does not.
await server.clock.advance('40s');
await heartbeat('b');
await server.clock.advance('20s');
await heartbeat('b');
await heartbeat('a');

await server.close();
