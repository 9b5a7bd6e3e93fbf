/**
 * Applications of the PBX API as they are on the wire: no client of it is published in a registry, so what real ones
 * send is sent here byte for byte (as captured from programs in Python, and as the code of others in Python,
 * JavaScript, Go, C++ with Qt, PHP and PowerShell writes it), and their receivers read reports as theirs do.
 */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok, type Receiver, startReceiver, status } from '../protocols/pbx/receiver.ts';
import { type StartedApp, startApp } from '../start-app.ts';
import { connectTo, sendOnce } from './raw-http.ts';

const minutes = 60_000;
const md5OfPass = '1a1dc91c907325c69271ddf0c944bc72';

let started: StartedApp;
let receiver: Receiver;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

const connection = () => connectTo(started.url);
const once = (head: readonly string[], body?: string) => sendOnce(started.url, head, body);
const host = () => `Host: ${new URL(started.url).host}`;
const report = async (body: unknown): Promise<void> => {
  const sent = await fetch(`${started.url}/_heartbeatd/pbx/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(sent.status).toBe(202);
};
const tokenOf = (answer: Record<string, unknown>): string => {
  expect(answer).toMatchObject({ status: 'Success' });
  return String(answer.token);
};
const goesTo = async (): Promise<string[]> => {
  const answer = await fetch(`${started.url}/_heartbeatd/pbx/deliveries`);
  const { deliveries } = (await answer.json()) as { deliveries: { url: string }[] };
  return deliveries.map(({ url }) => url);
};

describe('a bridge in Python (requests) that beats every 25 minutes', () => {
  const headers = () => [
    host(),
    'User-Agent: python-requests/2.28.1',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
    'Connection: keep-alive',
  ];
  const login = async (url: string): Promise<string> => {
    const body = `{"username": "pbx", "password": "${md5OfPass}", "urltag": 1, "url": "${url}"}`;
    return tokenOf(
      await once(
        [
          'POST /api/v2.0.0/login HTTP/1.1',
          ...headers(),
          `Content-Length: ${body.length}`,
          'Content-Type: application/json',
        ],
        body,
      ),
    );
  };
  const beat = (token: string) =>
    once([`POST /api/v2.0.0/heartbeat?token=${token} HTTP/1.1`, ...headers(), 'Content-Length: 0']);

  it('stays logged in, and logs in again when its token is gone', async () => {
    const token = await login(`http://127.0.0.1:${receiver.port}/yeastar`);
    for (let times = 0; times < 3; times += 1) {
      await started.store.advanceClock(25 * minutes);
      expect(await beat(token)).toEqual({ status: 'Success' });
    }
    await started.store.advanceClock(30 * minutes);
    expect(await beat(token)).toEqual({ status: 'Failed', errno: '20004' });
    const again = await login(`http://127.0.0.1:${receiver.port}/yeastar`);
    expect(await beat(again)).toEqual({ status: 'Success' });
  });

  it('receives its call reports although it refuses every report without a callid', async () => {
    await login(`http://127.0.0.1:${receiver.port}/yeastar`);
    receiver.answer = ({ body }) => (JSON.parse(body).callid === undefined ? status(400) : ok);
    const answer = await fetch(`${started.url}/_heartbeatd/pbx/calls`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"from":"1000","to":"1001"}',
    });
    expect(answer.status).toBe(201);
    await receiver.arrived(12);
    const actions = receiver.bodies().map((body) => JSON.parse(body).action);
    expect(actions.filter((action) => action !== 'ExtensionStatus')).toEqual([
      'ALERT',
      'RING',
      'ANSWER',
      'ANSWERED',
      'BYE',
      'BYE',
      'NewCdr',
    ]);
  });

  it('that registers the API itself as its callback is not renewed by its reports', async () => {
    const token = await login(`${started.url}/api/v2.0.0/`);
    await started.store.advanceClock(29 * minutes);
    await report({ report: 'BootUp' });
    const { diagnostics } = (await (await fetch(`${started.url}/_heartbeatd/pbx/diagnostics`)).json()) as {
      diagnostics: unknown[];
    };
    expect(diagnostics).toMatchObject([{ detail: expect.stringContaining('is this server') }]);
    await started.store.advanceClock(1 * minutes);
    expect(await beat(token)).toEqual({ status: 'Failed', errno: '20004' });
  });
});

it('a toolkit in Python (requests, one session) logs in and queries extensions on one connection', async () => {
  const session = connection();
  const say = (target: string, body?: string) =>
    session.say(
      [
        `POST /api/v2.0.0/${target} HTTP/1.1`,
        host(),
        'User-Agent: python-requests/2.31.0',
        'Connection: keep-alive',
        `Content-Length: ${body?.length ?? 0}`,
        ...(body === undefined ? [] : ['Content-Type: application/json']),
      ],
      body,
    );
  const token = tokenOf(
    await say(
      'login',
      '{"username": "api", "password": "84fe4741b37204d9f2ff3665811f449d", "port": "8260", "version": "2.0.0"}',
    ),
  );
  const { extlist } = (await say(`extension/list?token=${token}`)) as { extlist: { number: string }[] };
  expect(extlist.map(({ number }) => number)).toEqual(['1000', '1001', '1002', '1003']);
  expect(await say(`extension/query?token=${token}`, '{"number": "1000"}')).toMatchObject({
    status: 'Success',
    extinfos: [{ number: '1000', username: 'Ann' }],
  });
  session.close();
});

it('scripts in Python that send JSON as text/plain, or without a Content-Type, log in', async () => {
  const body = '{ "username":"api","password":"x","port": "8260" }';
  for (const type of [
    ['Content-Type: text/plain'],
    [],
    ['Content-Type: application/x-www-form-urlencoded'],
  ]) {
    const head = ['POST /api/v1.1.0/login HTTP/1.1', host(), ...type, `Content-Length: ${body.length}`];
    tokenOf(await once(head, body));
  }
});

it('a program in Go logs in under the misprinted version, beats with GET, and queries under another version', async () => {
  const agent = 'User-Agent: Go-http-client/1.1';
  const body = '{"username":"api","password":"x","port":"8260","version":"1.0.2"}';
  const login = ['POST /api/v1.10/login HTTP/1.1', host(), agent, `Content-Length: ${body.length}`];
  const token = tokenOf(
    await once([...login, 'Content-Type: application/json', 'Accept-Encoding: gzip'], body),
  );
  await started.store.advanceClock(29 * minutes);
  const get = (target: string) =>
    once([`GET ${target}?token=${token} HTTP/1.1`, host(), agent, 'Accept-Encoding: gzip']);
  expect(await get('/api/v1.10/heartbeat')).toEqual({ status: 'Success' });
  await started.store.advanceClock(29 * minutes);
  expect(await get('/api/v1.1.0/extensionlist/query')).toMatchObject({ status: 'Success' });
});

it('a program in C++ (Qt) lists extensions and logs out with GET and a Content-Type', async () => {
  const body = '{"password":"x","port":8260,"username":"api"}';
  const headers = [
    'Content-Type: application/json',
    'Connection: Keep-Alive',
    'User-Agent: Mozilla/5.0',
    host(),
  ];
  const token = tokenOf(
    await once(['POST /api/v1.1.0/login HTTP/1.1', ...headers, `Content-Length: ${body.length}`], body),
  );
  const get = (target: string) => once([`GET /api/v1.1.0/${target}?token=${token} HTTP/1.1`, ...headers]);
  expect(await get('extensionlist/query')).toMatchObject({ status: 'Success' });
  expect(await get('logout')).toEqual({ status: 'Success' });
  expect(await get('heartbeat')).toEqual({ status: 'Failed', errno: '20004' });
});

it('a script in PowerShell logs in, queries and logs out with an empty body and a Content-Type in capitals', async () => {
  const headers = [
    'User-Agent: Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1',
    'Content-Type: Application/JSON',
    host(),
  ];
  const body = '{\r\n    "username":  "api",\r\n    "password":  "x",\r\n    "port":  8260\r\n}';
  const token = tokenOf(
    await once(['POST /api/v1.10/login HTTP/1.1', ...headers, `Content-Length: ${body.length}`], body),
  );
  for (const target of ['deviceinfo/query', 'trunklist/query', 'logout'])
    expect(
      await once([`POST /api/v1.1.0/${target}?token=${token} HTTP/1.1`, ...headers, 'Content-Length: 0']),
    ).toMatchObject({ status: 'Success' });
});

it('a page in PHP (curl) logs in with a tag and no url, and receives reports at the root', async () => {
  const body = `{"username":"api","password":"x","port":"${receiver.port}","version":"1.0.2","urltag":"1"}`;
  const head = [
    'POST /api/v1.1.0/login HTTP/1.1',
    host(),
    'Accept: */*',
    `Content-Length: ${body.length}`,
    'Content-Type: application/x-www-form-urlencoded',
  ];
  tokenOf(await once(head, body));
  expect(await goesTo()).toEqual([`http://127.0.0.1:${receiver.port}/`]);
});

it('a service in JavaScript (axios) that beats with its token in the body logs in again', async () => {
  const say = (target: string, body: string) =>
    once(
      [
        `POST /api/v2.0.0/${target} HTTP/1.1`,
        'Accept: application/json, text/plain, */*',
        'Content-Type: application/json',
        'User-Agent: axios/1.6.0',
        `Content-Length: ${body.length}`,
        host(),
        'Connection: close',
      ],
      body,
    );
  const credentials = `{"username":"api","password":"${md5OfPass}","version":"2.0.0"}`;
  const token = tokenOf(await say('login', credentials));
  expect(await say('heartbeat', `{"token":"${token}"}`)).toEqual({ status: 'Failed', errno: '20005' });
  tokenOf(await say('login', credentials));
});

it('a site in Python (Django) that beats with its address in the query moves its callback', async () => {
  const token = tokenOf(
    await once(
      ['POST /api/v2.0.0/login HTTP/1.1', host(), 'Content-Length: 35'],
      '{"username": "api", "password":"x"}',
    ),
  );
  const beat = `POST /api/v2.0.0/heartbeat?token=${token}&ipaddr=10.0.0.1 HTTP/1.1`;
  expect(await once([beat, host(), 'Content-Length: 0'])).toEqual({ status: 'Success' });
  expect(await goesTo()).toEqual(['http://10.0.0.1:8260/']);
});

describe('a receiver that is a bare socket and reads once', () => {
  /** What such a receiver takes out of its first read. */
  const receive = async (readReport: (read: string) => string, answer: string): Promise<string[]> => {
    const got: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (read) => {
        got.push(readReport(read.toString()));
        socket.end(answer);
        if (got.length === 2) resolve();
      });
    });
    await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
    const { port } = server.address() as { port: number };
    const body = `{"username":"api","password":"x","port":"${port}"}`;
    await once(['POST /api/v1.1.0/login HTTP/1.1', host(), `Content-Length: ${body.length}`], body);
    await report([
      { report: 'SmsSend', status: 'Success', smsid: '1' },
      { report: 'SmsSend', status: 'Success', smsid: '2' },
    ]);
    await promise;
    await new Promise((closed) => server.close(closed));
    return got;
  };
  const sms = (id: string) => `{"action":"sms-send","status":"Success","smsid":"${id}"}`;

  it('and parses the text after the last line break', async () => {
    const lastLine = (read: string): string => read.slice(read.lastIndexOf('\n') + 1);
    expect(await receive(lastLine, 'HTTP/1.1 200 OK\r\n\r\n')).toEqual([sms('1'), sms('2')]);
  });

  it('and parses the text after the first blank line, and closes after a bare status line', async () => {
    const afterBlank = (read: string): string => read.split('\r\n\r\n')[1] ?? '';
    expect(await receive(afterBlank, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')).toEqual([
      sms('1'),
      sms('2'),
    ]);
  });
});
