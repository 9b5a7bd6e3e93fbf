/** Heartbeats as the vendors' documents show them, made known to a server, for benchmarks that compare whole processes. */
import { request } from 'undici';
import { connections, type Request } from './load.ts';

const slsHost = 'bench.cn-hangzhou.log.aliyuncs.com';

export type CaseName =
  | 'presence'
  | 'presence, 64 tenants'
  | 'presence, 10 channels'
  | 'presence, 100 channels'
  | 'pbx'
  | 'pbx, with callback'
  | 'sls, 20 groups'
  | 'sls, 128 shards';

async function send(port: number, path: string, body: string, host = '127.0.0.1'): Promise<unknown> {
  const reply = await request(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers: { host } });
  const text = await reply.body.text();
  return text === '' ? undefined : JSON.parse(text);
}

const clients = 1_000;

/** Registers the clients of the cases that are chosen, all by default; returns the heartbeats that each case repeats. */
export async function prepareCases(
  port: number,
  isChosen: (name: CaseName) => boolean = () => true,
): Promise<Readonly<Record<CaseName, readonly Request[]>>> {
  const [plain, callbacks] = await tokens(port);
  const cases: Readonly<Record<CaseName, readonly Request[]>> = {
    presence: presenceHeartbeats(),
    'presence, 64 tenants': presenceHeartbeats({ tenants: 64 }),
    'presence, 10 channels': presenceHeartbeats({ channels: 10 }),
    'presence, 100 channels': presenceHeartbeats({ channels: 100 }),
    pbx: plain.map((token) => ({ method: 'POST', path: `/api/v1.1.0/heartbeat?token=${token}` })),
    'pbx, with callback': callbacks.map((token) => ({
      method: 'POST',
      path: `/api/v0.0.1/heartbeat?token=${token}`,
      body: '{"ipaddr":"192.168.5.122","port":"8260","url":"report","urltag":"0"}',
    })),
    'sls, 20 groups': await consumers(port, { logstore: 'bench-store', groups: 20, shards: 8 }),
    'sls, 128 shards': await consumers(port, { logstore: 'large-store', groups: 1, shards: 128 }),
  };
  for (const [name, requests] of Object.entries(cases))
    if (isChosen(name as CaseName)) await sendAll(port, requests);
  return cases;
}

/** Sends each request once, so that what is measured later are renewals. Rejects unless all are answered with 200. */
export async function sendAll(port: number, requests: readonly Request[]): Promise<void> {
  for (let from = 0; from < requests.length; from += connections) {
    await Promise.all(
      requests.slice(from, from + connections).map(async ({ method, path, body, host = '127.0.0.1' }) => {
        const reply = await request(`http://127.0.0.1:${port}${path}`, {
          method,
          headers: { host },
          ...(body === undefined ? {} : { body }),
        });
        await reply.body.dump();
        if (reply.statusCode !== 200) throw new Error(`${path} was answered with ${reply.statusCode}`);
      }),
    );
  }
}

/** Returns Presence heartbeats of a thousand clients, each on so many channels, of so many subscribe keys. */
export function presenceHeartbeats({ channels = 1, tenants = 1 } = {}): Request[] {
  return Array.from({ length: clients }, (_, at) => {
    const key = tenants === 1 ? 'sub-c-bench' : `sub-c-bench-${at % tenants}`;
    const names = Array.from({ length: channels }, (_, n) => `channel-${(at % 50) + n * 50}`).join(',');
    return {
      method: 'GET',
      path: `/v2/presence/sub-key/${key}/channel/${names}/heartbeat?uuid=user-${channels}-${at}&heartbeat=300`,
    };
  });
}

async function tokens(port: number): Promise<readonly [string[], string[]]> {
  const made: string[] = [];
  for (let at = 0; at < clients; at += 1) {
    const login = `{"username":"user-${at % 50}","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}`;
    made.push(((await send(port, '/api/v1.1.0/login', login)) as { token: string }).token);
  }
  return [made.slice(0, clients / 2), made.slice(clients / 2)];
}

/** One consumer in each group, which holds all shards; `groups` times the same shards. */
async function consumers(
  port: number,
  {
    logstore,
    groups,
    shards,
  }: { readonly logstore: string; readonly groups: number; readonly shards: number },
): Promise<Request[]> {
  const root = `/logstores/${logstore}/consumergroups`;
  await send(port, '/', '{"projectName":"bench"}', slsHost).catch(() => undefined);
  await send(port, '/logstores', `{"logstoreName":"${logstore}","ttl":1,"shardCount":${shards}}`, slsHost);
  return Promise.all(
    Array.from({ length: groups }, async (_, at): Promise<Request> => {
      await send(port, root, `{"consumerGroup":"cg-${at}","timeout":600,"order":false}`, slsHost);
      const path = `${root}/cg-${at}?type=heartbeat&consumer=consumer-${at}`;
      const owned = await send(port, path, '[]', slsHost);
      const body = JSON.stringify(owned);
      await send(port, path, body, slsHost);
      return { method: 'POST', path, body, host: slsHost };
    }),
  );
}
