/**
 * What `heartbeats.ts` measures, in a process of its own: the whole app over a store, with routes beside the real ones that
 * take and answer the same bytes and do nothing; or a bare `node:http` server. Prints its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { defaultConfig } from '../../src/config.ts';
import { presenceHeaders } from '../../src/protocols/presence/wire/headers.ts';
import { openStore } from '../../src/store/open.ts';

const presenceAnswer = '{"status":200,"message":"OK","service":"Presence"}';
const pbxHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE',
  'content-type': 'application/json',
};
const slsHeaders = {
  'x-log-requestid': '5AEECE6B1FFC0366B2553FB5',
  'access-control-allow-origin': '*',
  server: 'nginx/1.12.1',
  'content-type': 'application/json',
};

async function serveApp(redisUrl: string, data: string): Promise<void> {
  const config = defaultConfig({ redisUrl, data, slsAutoCreate: true });
  const store = await openStore(config);
  let late: { readonly lateMs: number; readonly count: number }[] = [];
  store.observeRuns(({ type, lateMs, holders }) => {
    if (type === 'expired') late.push({ lateMs, count: holders.length });
  });
  const app = await buildApp({ config, store, logger: pino({ level: 'warn' }) });
  await app.register(async (idle) => {
    idle.removeAllContentTypeParsers();
    idle.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    idle.get('/idle/presence/sub-key/:key/channel/:channels/heartbeat', async (_request, reply) =>
      reply.headers(presenceHeaders).send(presenceAnswer),
    );
    // So that memory can be compared.
    idle.post('/gc', async () => {
      globalThis.gc?.();
      return '';
    });
    // Lateness of the expiries since the last call, in ascending order.
    idle.post('/lateness', async () => {
      const taken = late;
      late = [];
      return taken.flatMap(({ lateMs, count }) => new Array(count).fill(lateMs)).sort((a, b) => a - b);
    });
    idle.post('/idle/api/:version/heartbeat', async (_request, reply) =>
      reply.headers(pbxHeaders).send(Buffer.from('{"status":"Success"}')),
    );
    idle.post('/idle/logstores/:logstore/consumergroups/:group', async (_request, reply) =>
      reply.headers(slsHeaders).send(Buffer.from('[0,1]')),
    );
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  console.log((app.server.address() as AddressInfo).port);
}

function serveBare(): void {
  const server = createServer((_request, response) => {
    response.writeHead(200, presenceHeaders);
    response.end(presenceAnswer);
  });
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

// So that profilers can write what they saw.
process.once('SIGINT', () => process.exit(0));

const [kind, where = ''] = process.argv.slice(2);
if (kind === 'bare') serveBare();
else await serveApp(kind === 'redis' ? where : '', kind === 'file' ? where : '');
