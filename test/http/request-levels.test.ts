/** Which requests are logged, at which level, by which id. */
import { afterEach, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { ProtocolModule } from '../../src/protocols/kit/protocol.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp | undefined;
let log: RecordedLog;
afterEach(async () => {
  await started?.close();
  started = undefined;
});
const start = async (changes: Partial<Config> = {}, level: 'info' | 'debug' = 'debug') => {
  log = recordedLog(level);
  started = await startApp(changes, { logger: log.logger });
  return started;
};
const beat = '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann';
const levels = { debug: 20, info: 30, warn: 40, error: 50 };

it.each([
  ['/healthz', 'debug'],
  ['/readyz', 'debug'],
  ['/metrics', 'debug'],
  [beat, 'info'],
  ['/no/such/path', 'warn'],
] as const)('%s is logged at %s', async (url, level) => {
  const { app } = await start();
  await app.inject(url);
  const lines = log.lines().filter(({ msg }) => msg === 'request');
  expect(lines.map((line) => [line.url, line.level])).toEqual([[url, levels[level]]]);
});

it('a reply that the server is to blame for is logged as an error', async () => {
  log = recordedLog();
  const failing: ProtocolModule = {
    name: 'failing',
    title: 'Failing',
    settings: {},
    create: () => ({
      name: 'failing',
      routes: async (app) => void app.get('/fails', async (_request, reply) => reply.code(500).send('')),
      operationNames: [],
      claims: () => false,
      sendError: async () => {},
    }),
  };
  started = await startApp({}, { logger: log.logger, protocols: [failing] });
  await started.app.inject('/fails');
  expect(log.lines('error').map(({ url, status }) => [url, status])).toEqual([['/fails', 500]]);
});

it('with REQUEST_LOG=summary successful requests are counted per operation, failed ones have a line each', async () => {
  const { app, close } = await start({ requestLog: 'summary' }, 'info');
  for (let at = 0; at < 3; at += 1) await app.inject(beat);
  await app.inject('/v2/presence/sub-key/demo/channel/lobby');
  await app.inject('/no/such/path');
  await close();
  started = undefined;
  expect(log.lines('info')).toEqual([
    expect.objectContaining({
      msg: 'requests',
      protocol: 'presence',
      requests: 3,
      maxMs: expect.any(Number),
    }),
    expect.objectContaining({ msg: 'requests', requests: 1 }),
  ]);
  expect(log.lines('warn').map(({ url }) => url)).toEqual(['/no/such/path']);
});

it('with REQUEST_LOG=failures successful requests leave no line', async () => {
  const { app } = await start({ requestLog: 'failures' }, 'info');
  await app.inject(beat);
  await app.inject('/no/such/path');
  expect(log.lines().map(({ url }) => url)).toEqual(['/no/such/path']);
});

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
it.each([
  [{ 'x-request-id': 'abc-1' }, { reqId: 'abc-1' }],
  [{ traceparent: `00-${trace}-00f067aa0ba902b7-01` }, { reqId: trace, traceId: trace }],
  [
    { 'x-request-id': 'abc-1', traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    { reqId: 'abc-1', traceId: trace },
  ],
  [{ 'x-request-id': 'two words' }, { reqId: expect.stringMatching(/^req-/) }],
  [{ 'x-request-id': 'x'.repeat(129) }, { reqId: expect.stringMatching(/^req-/) }],
  [{ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }, { reqId: expect.stringMatching(/^req-/) }],
  [{ traceparent: 'rubbish' }, { reqId: expect.stringMatching(/^req-/) }],
])('a request with %j has %j in its line', async (headers, ids) => {
  const { app } = await start();
  await app.inject({ url: beat, headers });
  expect(log.lines('info')).toEqual([expect.objectContaining(ids)]);
});
