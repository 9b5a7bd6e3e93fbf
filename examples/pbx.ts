/**
 * A PBX application: logs in, registers a callback with a heartbeat, receives the reports of a call, and finds its token expired
 * after 30 minutes, which pass at once. A server in HEARTBEATD_URL has to run on this machine to reach the callback.
 *
 *     npx node examples/pbx.ts
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { openServer } from './server.ts';

const server = await openServer();

/** Calls the PBX API. Every reply has HTTP status 200; `status` and `errno` tell how it went. */
async function call(path: string, body: unknown): Promise<Record<string, string>> {
  const response = await fetch(`${server.url}/api/v1.1.0/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, string>;
}

// The application's own HTTP server, which receives reports and acknowledges each with 200.
const reports: string[] = [];
const receiver = createServer(async (request, response) => {
  const report = (await json(request)) as { action: string };
  reports.push(report.action);
  response.end();
  receiver.emit('report');
});
receiver.listen(0, '127.0.0.1');
await once(receiver, 'listening');
const { port } = receiver.address() as AddressInfo;

// The password is the MD5 of "pass". A server without PBX_USERS accepts any.
const credentials = { username: 'example', password: '1a1dc91c907325c69271ddf0c944bc72', port: `${port}` };
const { status, token } = await call('login', credentials);
console.log(`login: ${status}`);

const heartbeat = () =>
  call(`heartbeat?token=${token}`, { ipaddr: '127.0.0.1', port: `${port}`, url: 'report', urltag: '0' });
console.log(`heartbeat: ${(await heartbeat()).status}`);

// An operator plays a call between two extensions of the model PBX.
await server.operator.json('POST', '/pbx/calls', { body: { from: '1000', to: '1001' } });
while (!reports.includes('NewCdr')) await once(receiver, 'report');
console.log(`reports: ${reports.join(', ')}`);

await server.clock.advance('30m');
const expired = await heartbeat();
console.log(`heartbeat after 30 minutes: ${expired.status}, errno ${expired.errno}`);
console.log(`login again: ${(await call('login', credentials)).status}`);

receiver.closeAllConnections();
receiver.close();
await server.close();
