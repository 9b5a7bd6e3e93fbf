/** The module for testcontainers on a container engine, with the image of this project. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { GenericContainer, Network, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeartbeatdContainer, type StartedHeartbeatdContainer } from '../../src/testcontainers/index.ts';

const image = process.env.HEARTBEATD_IMAGE ?? 'heartbeatd:latest';
const redisImage = process.env.REDIS_IMAGE ?? 'redis:7.4-alpine';
const seed = { tenants: { 'presence/demo': { leases: { lobby: { alice: { ttl: '5m' } } } } } } as const;

const presenceHeartbeat = async (url: string, uuid: string): Promise<unknown> =>
  (await fetch(`${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`)).json();

const occupants = async (container: StartedHeartbeatdContainer): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { holder } of container.getClient().leases.list({ tenant: 'presence/demo' }))
    found.push(holder);
  return found;
};

/** Posts to a host of SLS by the proxy. */
async function postBySlsProxy(proxy: string, path: string, body: unknown) {
  const { hostname, port } = new URL(proxy);
  const url = `http://demo.cn-hangzhou.log.aliyuncs.com${path}`;
  const sent = request({ hostname, port, method: 'POST', path: url });
  sent.end(JSON.stringify(body));
  const [reply] = await once(sent, 'response');
  return { status: reply.statusCode as number, body: await text(reply) };
}

/** Sends a heartbeat framed as by the SLS client for C++; resolves to the reply's bytes as text. */
async function postAsCpp(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host:demo.cn-hangzhou.log.aliyuncs.com',
    'Accept: */*',
    'Transfer-Encoding: chunked',
    'Content-Length:2',
    'Content-Type:application/json',
    'User-Agent:sls-cpp-sdk v0.6.2',
    'x-log-apiversion:0.6.0',
    'x-log-bodyrawsize:2',
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n2\r\n[]\r\n0\r\n\r\n`);
  return text(socket);
}

describe('a container', () => {
  let container: StartedHeartbeatdContainer;
  beforeAll(async () => {
    container = await new HeartbeatdContainer(image)
      .withSeed(seed)
      .withSettings({ slsAutoCreate: true, pbxTokenTtlSeconds: 60 })
      .withCallbackHost('crm.example')
      .withOperatorToken('secret')
      .start();
  });
  afterAll(async () => {
    await container.stop();
  });

  const pbx = async (path: string, body: object) =>
    (await (
      await fetch(`${container.getUrl()}/api/v1.1.0/${path}`, { method: 'POST', body: JSON.stringify(body) })
    ).json()) as Record<string, string>;
  const login = async (username: string): Promise<string> => {
    const { token } = await pbx('login', {
      username,
      password: '1a1dc91c907325c69271ddf0c944bc72',
      port: '8260',
    });
    return token ?? '';
  };

  it('is ready once it has started', async () => {
    expect(await (await fetch(`${container.getUrl()}/readyz`)).json()).toEqual({ status: 'ready' });
  });

  it('answers a heartbeat of Presence, at the address in the options of PubNub SDKs', async () => {
    const { origin, ssl } = container.getPresenceConfig('demo');
    expect(`http://${origin}`).toBe(container.getUrl());
    expect(ssl).toBe(false);
    expect(await presenceHeartbeat(container.getUrl(), 'bob')).toMatchObject({ status: 200 });
    expect(await occupants(container)).toContain('bob');
  });

  const slsHeartbeat = '/logstores/logs/consumergroups/group?type=heartbeat&consumer=c1';

  it('answers a heartbeat of SLS by its proxy', async () => {
    const proxy = container.getSlsProxyUrl();
    await postBySlsProxy(proxy, '/logstores/logs/consumergroups', { consumerGroup: 'group', timeout: 60 });
    expect(await postBySlsProxy(proxy, slsHeartbeat, [])).toEqual({ status: 200, body: '[0,1]' });
  });

  it('answers the framing of the SLS client for C++', async () => {
    expect(await postAsCpp(container.getUrl(), slsHeartbeat)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*\[0,1\]$/,
    );
  });

  it('answers a heartbeat of a PBX application, whose token lives as long as the settings say', async () => {
    const token = await login('settings');
    expect(await pbx(`heartbeat?token=${token}`, {})).toMatchObject({ status: 'Success' });
    await container.getClient().clock.advance('60s');
    expect(await pbx(`heartbeat?token=${token}`, {})).toMatchObject({ status: 'Failed', errno: '20004' });
  });

  it('returns to its seed', async () => {
    await presenceHeartbeat(container.getUrl(), 'carol');
    await container.getClient().reset('presence/demo');
    expect(await occupants(container)).toEqual(['alice']);
  });

  it('closes its operator API to requests without the token', async () => {
    const clock = `${container.getUrl()}/_heartbeatd/clock`;
    expect((await fetch(clock)).status).toBe(401);
    expect((await fetch(clock, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    expect(await container.getClient().clock.read()).toMatchObject({ frozen: false });
  });

  it.each(['127.0.0.1', 'crm.example'])(
    'sends reports for a callback on %s to this machine',
    async (ipaddr) => {
      const actions: string[] = [];
      const receiver = createServer(async (received, response) => {
        actions.push(((await json(received)) as { action: string }).action);
        response.end();
        receiver.emit('report');
      });
      receiver.listen(0, '0.0.0.0');
      await once(receiver, 'listening');
      const { port } = receiver.address() as AddressInfo;
      try {
        const token = await login(ipaddr);
        const callback = { ipaddr, port: `${port}`, url: 'report', urltag: '0' };
        expect(await pbx(`heartbeat?token=${token}`, callback)).toMatchObject({ status: 'Success' });
        const { operator } = container.getClient();
        await operator.json('POST', '/pbx/calls', { body: { from: '1000', to: '1001' } });
        while (!actions.includes('NewCdr')) await once(receiver, 'report');
        expect(actions).toEqual(expect.arrayContaining(['RING', 'ANSWER', 'BYE']));
      } finally {
        receiver.closeAllConnections();
        receiver.close();
      }
    },
  );
});

it('a container keeps its leases in Redis, and opens its operator API with a token that it chose', async () => {
  await using network = await new Network().start();
  await using _redis = await new GenericContainer(redisImage)
    .withNetwork(network)
    .withNetworkAliases('redis')
    .withCommand(['redis-server'])
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .start();
  await using container = await new HeartbeatdContainer(image)
    .withNetwork(network)
    .withRedis('redis://redis:6379')
    .start();
  expect(await presenceHeartbeat(container.getUrl(), 'bob')).toMatchObject({ status: 200 });
  await container.restart();
  expect(await occupants(container)).toEqual(['bob']);
});
