/** The vendor's Python SDK, unmodified, in processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';
import { hasTool, installPythonPackage } from '../consumers/install.ts';

const version = '10.8.0';
const waitMs = 20_000;

interface Client {
  readonly lines: readonly string[];
  /** Sends a command to the client. */
  send(...command: unknown[]): void;
  /** Resolves with the first line not yet taken that matches, and takes it. */
  receive(wanted: RegExp): Promise<string>;
  /** Kills the process, so that it does not leave. */
  kill(): Promise<void>;
}

const hasPython = hasTool('python3', '-m', 'venv', '--help');
let python = '';
let started: StartedApp;
const clients: Client[] = [];
/** The requests that the server received. */
const requests: URL[] = [];
const traffic = new EventEmitter();

beforeAll(() => {
  if (!hasPython) return;
  python = installPythonPackage('pubnub', version, 'pubnub');
}, 300_000);
beforeEach(async () => {
  started = await startApp({
    presenceKeys: ['sub-c-demo:pub-c-demo:sec-c-demo'],
    presenceAuth: 'off',
  });
  await started.store.freezeClock(true);
  requests.length = 0;
  started.app.server.on('request', ({ url = '' }) => {
    requests.push(new URL(url, started.url));
    traffic.emit('requests');
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.kill()));
  await started.close();
});

function start(uuid: string, secret = ''): Client {
  const child: ChildProcess = spawn(
    python,
    [join(import.meta.dirname, 'client.py'), started.url.slice('http://'.length), uuid, secret],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const gone = once(child, 'exit');
  const lines: string[] = [];
  let untaken: string[] = [];
  const lookers = new Set<() => void>();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    lines.push(line);
    untaken.push(line);
    for (const look of lookers) look();
  });
  const client: Client = {
    lines,
    send: (...command) => child.stdin?.write(`${JSON.stringify(command)}\n`),
    receive: (wanted) =>
      new Promise((resolve, reject) => {
        const give = setTimeout(
          () => reject(new Error(`${uuid} did not receive ${wanted}, but: ${lines.join('; ')}`)),
          waitMs,
        );
        const look = (): void => {
          const found = untaken.find((line) => wanted.test(line));
          if (found === undefined) return;
          clearTimeout(give);
          lookers.delete(look);
          untaken = untaken.filter((line) => line !== found);
          resolve(found);
        };
        lookers.add(look);
        look();
      }),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
  clients.push(client);
  return client;
}

/**
 * Resolves when the poll of a user waits for what comes after a timetoken. The SDK sends each request from a thread of its
 * own, in no order: a poll that is still on the way would overtake what the user does next, and it is a heartbeat.
 */
async function listensAfter(uuid: string, timetoken: bigint): Promise<void> {
  const signal = AbortSignal.timeout(waitMs);
  const isListening = (): boolean =>
    requests.some(
      ({ searchParams }) =>
        searchParams.get('uuid') === uuid && BigInt(searchParams.get('tt') ?? 0) >= timetoken,
    );
  while (!isListening()) await once(traffic, 'requests', { signal });
}

const timetokenOf = (line: string): bigint => BigInt(line.split(' at ').at(-1) ?? 0);

if (!hasPython) it.skip('is not tested here: there is no python3 with venv');

it.runIf(hasPython).each([
  ['', 'nothing is signed'],
  ['sec-c-demo', 'everything is signed'],
])('two users receive the join, state, message, leave and timeout of each other (%j: %s)', async (secret) => {
  const ann = start('ann', secret);
  const bob = start('bob', secret);
  ann.send('subscribe', ['room'], []);
  await ann.receive(/^join ann on room 1/);
  bob.send('subscribe', ['room'], []);
  await ann.receive(/^join bob on room 2/);
  await listensAfter('bob', timetokenOf(await bob.receive(/^join bob on room 2/)));
  ann.send('here now', ['room']);
  await ann.receive(/^here room 2 ann,bob/);
  ann.send('where now', 'bob');
  await ann.receive(/^where bob room$/);

  bob.send('unsubscribe', ['room']);
  await ann.receive(/^leave bob on room 1/);
  ann.send('where now', 'bob');
  await ann.receive(/^where bob $/);

  bob.send('subscribe', ['room'], []);
  await ann.receive(/^join bob on room 2/);
  bob.send('state', ['room'], { mood: 'ok' });
  await ann.receive(/^state-change bob on room 2 \{"mood": "ok"\}/);
  bob.send('publish', 'room', { a: 'wörld/?' }, false);
  await ann.receive(/^message \{"a": "w\\u00f6rld\/\?"\} on room by bob/);
  bob.send('publish', 'room', 'by post', true);
  await ann.receive(/^message "by post" on room by bob/);
  bob.send('signal', 'room', 'typing');
  await ann.receive(/^signal "typing" on room/);

  await bob.kill();
  // A connection of its own, so earlier requests are read before.
  await fetch(`${started.url}/healthz`);
  await started.store.advanceClock(19_000);
  await fetch(`${started.url}/v2/presence/sub-key/sub-c-demo/channel/room/heartbeat?uuid=ann`);
  await started.store.advanceClock(1_000);
  await ann.receive(/^timeout bob on room 1/);
  ann.send('here now', ['room']);
  await ann.receive(/^here room 1 ann/);
  expect(ann.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
});

it.runIf(hasPython)('receives through channel groups and patterns, and counts messages', async () => {
  const ann = start('ann');
  const bob = start('bob');
  ann.send('add to group', 'g', ['x']);
  ann.send('subscribe', ['foo.*'], ['g']);
  await ann.receive(/^join ann on x 1/);
  bob.send('publish', 'x', 1, false);
  await ann.receive(/^message 1 on x by bob/);
  bob.send('publish', 'foo.bar', 2, false);
  await ann.receive(/^message 2 on foo.bar by bob/);
  bob.send('counts', ['x'], 1);
  await bob.receive(/^counts \{"x": 1\}/);
  bob.send('time');
  await bob.receive(/^time \d{17}$/);
});
