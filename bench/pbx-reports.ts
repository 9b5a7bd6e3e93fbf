/**
 * PBX reports delivered a second, to one application, to 1 000, and to 900 while 100 others never reply, beside a loop that posts the same
 * bytes with `node:http` and keeps no account of them. The server and the bare loop run in processes of their own, the
 * application's server in this one. Writes bench/results/pbx-reports.json.
 *
 * `npm run bench:pbx [-- --rounds 5 --reports 4000]`
 */
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { startScript } from './shared/processes.ts';
import { type Machine, machine, type Spread, spreadOf, writeResult } from './shared/results.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, reports: { type: 'string', default: '4000' } },
  allowPositionals: true,
});
const reports = Number(values.reports);
const rounds = Number(values.rounds);
/** Reports in the queue at the same time, below its bound. */
const window = 500;
/** As many as the server has under way to one address. */
const perTarget = 32;
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

interface Application {
  readonly port: number;
  arrived(count: number): Promise<void>;
  reset(): void;
  close(): void;
}

/** Reads a report in one read, as the simplest applications do, and says 200. */
async function application(): Promise<Application> {
  let count = 0;
  let waiting: { readonly count: number; readonly go: () => void } | undefined;
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.end(answer);
      count += 1;
      if (waiting !== undefined && count >= waiting.count) waiting.go();
    });
  });
  server.listen(0, '127.0.0.1', 1_024);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async arrived(wanted) {
      if (count >= wanted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { count: wanted, go: resolve };
      await promise;
    },
    reset() {
      count = 0;
      waiting = undefined;
    },
    close: () => server.close(),
  };
}

/** Accepts connections and never replies. */
async function hangingApplication(): Promise<Pick<Application, 'port' | 'close'>> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
  });
  server.listen(0, '127.0.0.1', 1_024);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const body = JSON.stringify({ report: 'SmsSend', status: 'Success', smsid: '1' });
const wire = '{"action":"sms-send","status":"Success","smsid":"1"}';

async function post(url: string, payload: string): Promise<void> {
  const sent = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: payload,
  });
  if (!sent.ok) throw new Error(`${url}: ${sent.status}`);
  await sent.arrayBuffer();
}

interface Load {
  /** That reply. */
  readonly applications: number;
  /** That do not. */
  readonly hanging: number;
}

/** Logs applications in, the hanging ones first. */
async function logIn(
  server: string,
  { applications, hanging }: Load,
  port: (at: number) => number,
): Promise<void> {
  const all = applications + hanging;
  for (let from = 0; from < all; from += 50) {
    const some = Array.from({ length: Math.min(50, all - from) }, (_, at) => from + at);
    await Promise.all(
      some.map((at) =>
        post(
          `${server}/api/v1.1.0/login`,
          JSON.stringify({ username: `user${at}`, password: 'x', port: port(at), url: `r${at}` }),
        ),
      ),
    );
  }
}

/** Reports a second through a server, from the first one asked for to the last one that arrived where replies come. */
async function delivered(args: readonly string[], load: Load): Promise<number> {
  const { applications, hanging } = load;
  const target = await application();
  const never = await hangingApplication();
  const { child, line: port } = await startScript([join(import.meta.dirname, 'shared/server.ts'), ...args]);
  const server = `http://127.0.0.1:${port}`;
  await post(`${server}/_heartbeatd/reset`, '{}');
  await logIn(server, load, (at) => (at < hanging ? never.port : target.port));
  const each = Math.max(1, Math.ceil(reports / applications));
  const batch = Math.min(100, each);
  const startedMs = performance.now();
  let asked = 0;
  while (asked < each) {
    if (asked >= window) await target.arrived((asked - window + batch) * applications);
    const many = Math.min(batch, each - asked);
    await post(`${server}/_heartbeatd/pbx/events`, `[${Array(many).fill(body).join(',')}]`);
    asked += many;
  }
  await target.arrived(each * applications);
  const perSecond = (each * applications * 1_000) / (performance.now() - startedMs);
  child.kill('SIGKILL');
  target.close();
  never.close();
  return perSecond;
}

/** The same posts by nothing but `node:http`, as many at the same time as the server would have. */
async function bare(applications: number): Promise<number> {
  const target = await application();
  const atOnce = Math.min(applications, perTarget);
  const { child } = await startScript([
    ...([import.meta.filename, '--reports', String(reports)] as const),
    ...['bare', String(target.port), String(atOnce)],
  ]);
  const startedMs = performance.now();
  await target.arrived(reports);
  const perSecond = (reports * 1_000) / (performance.now() - startedMs);
  child.kill('SIGKILL');
  target.close();
  return perSecond;
}

function postBare(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/r',
    agent: false,
    headers: { 'Content-Type': 'application/json', 'Content-Length': wire.length, Connection: 'close' },
  });
  request.on('response', (response) => response.resume().on('close', resolve));
  request.on('error', reject);
  request.end(wire);
  return promise;
}

export interface PbxReportsResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly rows: readonly {
    readonly applications: number;
    /** Further applications, which never reply. */
    readonly hanging: number;
    readonly store: 'embedded' | 'redis';
    readonly perSecond: Spread;
    /** Of the bare loop's. */
    readonly ofBare: Spread;
  }[];
}

const loads: readonly Load[] = [
  { applications: 1, hanging: 0 },
  { applications: 1_000, hanging: 0 },
  { applications: 900, hanging: 100 },
];

/** Measures in interleaved rounds. */
async function measureAll(): Promise<PbxReportsResult['rows']> {
  const redis = await startRedis();
  const rows: PbxReportsResult['rows'][number][] = [];
  try {
    for (const load of loads) {
      const { applications, hanging } = load;
      const seen = { bare: [] as number[], embedded: [] as number[], redis: [] as number[] };
      for (let round = 0; round < rounds; round += 1) {
        seen.bare.push(await bare(applications));
        seen.embedded.push(await delivered(['embedded'], load));
        seen.redis.push(await delivered(['redis', redis.url], load));
      }
      for (const store of ['embedded', 'redis'] as const) {
        const ratios = seen[store].map((perSecond, round) => perSecond / (seen.bare[round] ?? Number.NaN));
        rows.push({
          ...{ applications, hanging, store },
          ...{ perSecond: spreadOf(seen[store], 0), ofBare: spreadOf(ratios, 2) },
        });
      }
    }
  } finally {
    await redis.stop();
  }
  return rows;
}

const [mode, port = '0', atOnce = '1'] = positionals;
if (mode === 'bare') {
  console.log('ready');
  let left = reports;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await postBare(Number(port));
    }
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, worker));
} else {
  const result: PbxReportsResult = { machine: machine(), rounds, rows: await measureAll() };
  writeResult('pbx-reports', result);
  console.log(JSON.stringify(result, null, 2));
  process.exit(0);
}
