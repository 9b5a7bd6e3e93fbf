/** Two servers with the same state: one gets requests as clients send them, the other on connections that are Node's. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../../../src/config.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

export const slsHost = 'demo.cn-hangzhou.log.aliyuncs.com';
export const group = '/logstores/store/consumergroups';

export interface Side {
  readonly app: StartedApp;
  /** Opens a connection; if that is to be Node's, with a request that is not frequent. */
  open(): Promise<Line>;
  operator(method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object): Promise<string>;
  /** The journal and the counters of requests, without what opens and ends connections. */
  effects(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Line {
  /** Sends a request. Resolves when its reply is there, or the connection has ended. */
  exchange(bytes: string): Promise<void>;
  /** Whether the server reads the connection without Node's parser. */
  isPastNode(): boolean;
  /** Ends the connection with a request that says so. Returns what was received, and why the connection ended if that was an error. */
  finish(): Promise<readonly string[]>;
}

const other = (connection: string): string =>
  `GET /time/0 HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`;

/** Starts a server that has a consumer group and a token, by which `{token}` in requests is replaced. */
export async function startSide(isNodes: boolean, changes: Partial<Config> = {}): Promise<Side> {
  const app = await startApp(
    { slsAutoCreate: true, ...changes },
    { wallMs: () => Date.UTC(2030, 0, 1), randomBytes: (size) => Buffer.alloc(size, 7) },
  );
  const login = await app.app.inject({
    method: 'POST',
    url: '/api/v1.1.0/login',
    payload: { username: 'api', password: 'x', port: '8260' },
  });
  const { token } = login.json<{ token: string }>();
  await app.app.inject({
    method: 'POST',
    url: group,
    headers: { host: slsHost },
    payload: { consumerGroup: 'g', timeout: 60, order: false },
  });
  const plain = (text: string): string =>
    text.replaceAll(token, '{token}').replaceAll(/\b[0-9A-F]{24}\b/g, 'id');
  const operator: Side['operator'] = async (method, path, payload) =>
    (
      await app.app.inject({
        method,
        url: `/_heartbeatd${path}`,
        ...(payload === undefined ? {} : { payload }),
      })
    ).body;
  return {
    app,
    operator,
    close: () => app.close(),
    async open() {
      const line = await openLine(app, { token, plain });
      if (isNodes) await line.exchange(other('keep-alive'));
      return line.start();
    },
    async effects() {
      const { entries } = JSON.parse(await operator('GET', '/journal?limit=1000')) as {
        entries: Record<string, unknown>[];
      };
      const metrics = (await app.app.inject('/metrics')).body.split('\n');
      return JSON.parse(
        plain(
          JSON.stringify({
            entries: entries
              .filter(({ operation }) => operation !== 'Time')
              .map(({ seq: _seq, ms: _ms, leaseMs: _leaseMs, caused, ...entry }) => ({
                ...entry,
                caused: (caused as readonly number[]).length,
              })),
            counts: metrics.filter(
              (line) => /^heartbeatd_requests_total\{/.test(line) && !/"Time"|"operator"/.test(line),
            ),
          }),
        ),
      );
    },
  };
}

interface Texts {
  readonly token: string;
  plain(text: string): string;
}

async function openLine(
  { app, url }: StartedApp,
  { token, plain }: Texts,
): Promise<Line & { start(): Line }> {
  const accepting = once(app.server, 'connection') as Promise<[Socket]>;
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  const [accepted] = await accepting;
  let text = '';
  let taken = 0;
  let end = '';
  client.setEncoding('latin1').on('data', (part) => {
    text += part;
  });
  client.on('error', ({ code }: NodeJS.ErrnoException) => {
    // What is written after the server closed the connection may be refused or not.
    if (code !== 'EPIPE') end = code ?? 'error';
  });
  const takeReply = async (): Promise<void> => {
    for (let turns = 0; turns < maxTurns && !client.closed; turns += 1) {
      if (lengthOfReply(text.slice(taken)) !== undefined) break;
      await nextTurn();
    }
    taken += lengthOfReply(text.slice(taken)) ?? 0;
  };
  const line: Line = {
    async exchange(bytes) {
      client.write(bytes.replaceAll('{token}', token), 'latin1');
      await takeReply();
    },
    isPastNode: () => (accepted as { readonly parser?: unknown }).parser === undefined,
    async finish() {
      if (!client.closed && client.writable) client.write(other('close'));
      for (let turns = 0; turns < 10 * maxTurns && !client.closed; turns += 1) await nextTurn();
      client.destroy();
      const received = text.slice(start).replaceAll(/^date: .*\r\n/gim, '');
      return [plain(received), end];
    },
  };
  let start = 0;
  return {
    ...line,
    start() {
      start = taken;
      return line;
    },
  };
}

/** Turns of the event loop after which a server is taken to wait for more of a request. What is sent next is that. */
const maxTurns = 2_000;

/** Returns the length of the reply that a text begins with; undefined if that is not whole. */
function lengthOfReply(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const stated = /^content-length: (\d+)$/im.exec(text.slice(0, end).replaceAll('\r', ''))?.[1] ?? 0;
  const length = end + 4 + Number(stated);
  return text.length < length ? undefined : length;
}
