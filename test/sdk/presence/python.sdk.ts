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
  /** Tells the client what to do. */
  tell(...command: unknown[]): void;
  /** Resolves with the first line not yet taken that fits, and takes it. */
  hear(wanted: RegExp): Promise<string>;
  /** Without a goodbye. */
  kill(): Promise<void>;
}

const hasPython = hasTool('python3', '-m', 'venv', '--help');
let python = '';
let started: StartedApp;
const clients: Client[] = [];
/** What the server was asked. */
const asked: URL[] = [];
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
  await started.store.freezeClock();
  asked.length = 0;
  started.app.server.on('request', ({ url = '' }) => {
    asked.push(new URL(url, started.url));
    traffic.emit('asked');
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
    tell: (...command) => child.stdin?.write(`${JSON.stringify(command)}\n`),
    hear: (wanted) =>
      new Promise((resolve, reject) => {
        const give = setTimeout(
          () => reject(new Error(`${uuid} did not hear ${wanted}, but: ${lines.join('; ')}`)),
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
    asked.some(
      ({ searchParams }) =>
        searchParams.get('uuid') === uuid && BigInt(searchParams.get('tt') ?? 0) >= timetoken,
    );
  while (!isListening()) await once(traffic, 'asked', { signal });
}

const timetokenOf = (line: string): bigint => BigInt(line.split(' at ').at(-1) ?? 0);

if (!hasPython) it.skip('is not tested here: there is no python3 with venv');

it.runIf(hasPython).each([
  ['', 'nothing is signed'],
  ['sec-c-demo', 'everything is signed'],
])('two users see each other join, change, speak, leave and time out (%j: %s)', async (secret) => {
  const ann = start('ann', secret);
  const bob = start('bob', secret);
  ann.tell('subscribe', ['room'], []);
  await ann.hear(/^join ann on room 1/);
  bob.tell('subscribe', ['room'], []);
  await ann.hear(/^join bob on room 2/);
  await listensAfter('bob', timetokenOf(await bob.hear(/^join bob on room 2/)));
  ann.tell('here now', ['room']);
  await ann.hear(/^here room 2 ann,bob/);
  ann.tell('where now', 'bob');
  await ann.hear(/^where bob room$/);

  bob.tell('unsubscribe', ['room']);
  await ann.hear(/^leave bob on room 1/);
  ann.tell('where now', 'bob');
  await ann.hear(/^where bob $/);

  bob.tell('subscribe', ['room'], []);
  await ann.hear(/^join bob on room 2/);
  bob.tell('state', ['room'], { mood: 'ok' });
  await ann.hear(/^state-change bob on room 2 \{"mood": "ok"\}/);
  bob.tell('publish', 'room', { a: 'wörld/?' }, false);
  await ann.hear(/^message \{"a": "w\\u00f6rld\/\?"\} on room by bob/);
  bob.tell('publish', 'room', 'by post', true);
  await ann.hear(/^message "by post" on room by bob/);
  bob.tell('signal', 'room', 'typing');
  await ann.hear(/^signal "typing" on room/);

  await bob.kill();
  // A connection of its own, so what he sent before is read before.
  await fetch(`${started.url}/healthz`);
  await started.store.advanceClock(19_000);
  await fetch(`${started.url}/v2/presence/sub-key/sub-c-demo/channel/room/heartbeat?uuid=ann`);
  await started.store.advanceClock(1_000);
  await ann.hear(/^timeout bob on room 1/);
  ann.tell('here now', ['room']);
  await ann.hear(/^here room 1 ann/);
  expect(ann.lines.filter((line) => line.startsWith('failed'))).toEqual([]);
});

it.runIf(hasPython)('hears through channel groups and patterns, and counts messages', async () => {
  const ann = start('ann');
  const bob = start('bob');
  ann.tell('add to group', 'g', ['x']);
  ann.tell('subscribe', ['foo.*'], ['g']);
  await ann.hear(/^join ann on x 1/);
  bob.tell('publish', 'x', 1, false);
  await ann.hear(/^message 1 on x by bob/);
  bob.tell('publish', 'foo.bar', 2, false);
  await ann.hear(/^message 2 on foo.bar by bob/);
  bob.tell('counts', ['x'], 1);
  await bob.hear(/^counts \{"x": 1\}/);
  bob.tell('time');
  await bob.hear(/^time \d{17}$/);
});
