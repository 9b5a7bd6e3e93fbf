/** Heartbeats as the vendors' documents show them, made known to a server, for benchmarks that compare whole processes. */
import { request } from 'undici';
import type { Request } from './load.ts';

const slsHost = 'bench.cn-hangzhou.log.aliyuncs.com';

export type CaseName =
  | 'presence'
  | 'presence, 10 channels'
  | 'presence, 100 channels'
  | 'pbx'
  | 'pbx, with callback'
  | 'sls, 20 groups';

async function send(port: number, path: string, body: string, host = '127.0.0.1'): Promise<unknown> {
  const reply = await request(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers: { host } });
  const text = await reply.body.text();
  return text === '' ? undefined : JSON.parse(text);
}

const clients = 1_000;

/** Registers all clients of all cases; returns the heartbeats that each case repeats. */
export async function prepareCases(port: number): Promise<Readonly<Record<CaseName, readonly Request[]>>> {
  const [plain, callbacks] = await tokens(port);
  return {
    presence: presence(1),
    'presence, 10 channels': presence(10),
    'presence, 100 channels': presence(100),
    pbx: plain.map((token) => ({ method: 'POST', path: `/api/v1.1.0/heartbeat?token=${token}` })),
    'pbx, with callback': callbacks.map((token) => ({
      method: 'POST',
      path: `/api/v0.0.1/heartbeat?token=${token}`,
      body: '{"ipaddr":"192.168.5.122","port":"8260","url":"report","urltag":"0"}',
    })),
    'sls, 20 groups': await consumers(port),
  };
}

function presence(channels: number): Request[] {
  return Array.from({ length: clients }, (_, at) => {
    const names = Array.from({ length: channels }, (_, n) => `channel-${(at % 50) + n * 50}`).join(',');
    return {
      method: 'GET',
      path: `/v2/presence/sub-key/sub-c-bench/channel/${names}/heartbeat?uuid=user-${channels}-${at}&heartbeat=300`,
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

/** One consumer in each of twenty groups, with eight shards. */
async function consumers(port: number): Promise<Request[]> {
  const root = '/logstores/bench-store/consumergroups';
  await send(port, '/', '{"projectName":"bench"}', slsHost);
  await send(port, '/logstores', '{"logstoreName":"bench-store","ttl":1,"shardCount":8}', slsHost);
  return Promise.all(
    Array.from({ length: 20 }, async (_, at): Promise<Request> => {
      await send(port, root, `{"consumerGroup":"cg-${at}","timeout":600,"order":false}`, slsHost);
      const path = `${root}/cg-${at}?type=heartbeat&consumer=consumer-${at}`;
      const owned = await send(port, path, '[]', slsHost);
      const body = JSON.stringify(owned);
      await send(port, path, body, slsHost);
      return { method: 'POST', path, body, host: slsHost };
    }),
  );
}
