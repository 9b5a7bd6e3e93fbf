/**
 * Applications that make calls, as they are on the wire: what the code of public clients in C#, Python, JavaScript, Dart, C++ with Qt and
 * PowerShell sends after its login, and what they read of the replies.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../protocols/pbx/receiver.ts';
import { type StartedApp, startApp } from '../start-app.ts';
import { sendOnce } from './raw-http.ts';

const md5OfPass = '1a1dc91c907325c69271ddf0c944bc72';

let started: StartedApp;
let receiver: Receiver;
let token: string;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
  receiver = await startReceiver();
  const body = JSON.stringify({
    username: 'api',
    password: md5OfPass,
    port: String(receiver.port),
    version: '1.0.2',
  });
  const login = await fetch(`${started.url}/api/v1.1.0/login`, { method: 'POST', body });
  token = String(((await login.json()) as Json).token);
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

type Json = Record<string, unknown>;
const success = { status: 'Success' };
const host = () => `Host: ${new URL(started.url).host}`;
/** `headers`: besides Host and the length. */
const send = (line: string, headers: readonly string[], body = ''): Promise<Json> =>
  sendOnce(
    started.url,
    [`${line} HTTP/1.1`, host(), ...headers, `Content-Length: ${Buffer.byteLength(body)}`],
    body,
  );
const play = async (call: object): Promise<Json> => {
  const answer = await fetch(`${started.url}/_heartbeatd/pbx/calls`, {
    method: 'POST',
    body: JSON.stringify(call),
  });
  return (await answer.json()) as Json;
};
const newCdr = async (): Promise<Json> => {
  const found = () => receiver.bodies().find((body) => body.includes('"NewCdr"'));
  await expect.poll(found).toBeDefined();
  return JSON.parse(found() ?? '{}');
};

describe('an agent desktop in C# (HttpWebRequest)', () => {
  const post = (endpoint: string, body: string) =>
    send(
      `POST /api/v1.1.0${endpoint}?token=${token}`,
      ['Content-Type: application/json; charset=utf-8', 'Expect: 100-continue', 'Connection: Keep-Alive'],
      body,
    );

  it('dials, holds, resumes, transfers and hangs up by the extension of its agent', async () => {
    const dialled = await post(
      '/extension/dial_extension',
      '{"caller": "1000","callee": "1001","autoanswer": "no"}',
    );
    expect(dialled).toMatchObject(success);
    expect(await post('/extension/hold', '{"extid": "1000"}')).toEqual(success);
    expect(await post('/extension/unhold', '{"extid": "1000"}')).toEqual(success);
    const transfer = `{"callid": "${dialled.callid}","transferor": "1000", "transferto":"1002", "fromext":"1000"}`;
    expect(await post('/calltransfer', transfer)).toMatchObject(success);
    expect(await post('/extension/hangup', '{ "extid": "1002" }')).toEqual(success);
    expect(await newCdr()).toMatchObject({ status: 'ANSWERED', type: 'Transfer' });
  });

  it('takes a pause, and shows how many callers wait in its queue', async () => {
    const agent = '{ "queueid": "6700", "extid": "1000" }';
    expect(await post('/queue/pause_agent', agent)).toEqual(success);
    await play({ from: '5551234', to: '6700', steps: ['queue'] });
    const { queues } = await post('/queuestatus/query', '{"queueid": "6700"}');
    const [{ queuestatus }] = queues as [{ queuestatus: [{ callercount: string }] }];
    expect(queuestatus[0].callercount).toBe('1');
    expect(await post('/queue/unpause_agent', agent)).toEqual(success);
  });
});

describe('a service in Python (httpx)', () => {
  const headers = [
    'Accept: */*',
    'Accept-Encoding: gzip, deflate',
    'Connection: keep-alive',
    'User-Agent: python-httpx/0.27.0',
  ];
  const post = (endpoint: string, body?: object) =>
    send(
      `POST /api/v1.1.0/${endpoint}?token=${token}`,
      body === undefined ? headers : [...headers, 'Content-Type: application/json'],
      body === undefined ? '' : JSON.stringify(body),
    );

  it('asks for calls and queues without a body, dials out, and fetches the recording by its name', async () => {
    expect(await post('queuestatus/query')).toMatchObject({ queues: [{ queuenumber: '6700' }] });
    const dialled = { extid: '1000', outto: '5551234', autoanswer: 'yes' };
    expect(await post('extension/dial_outbound', dialled)).toMatchObject(success);
    expect(await post('outbound/query')).toMatchObject({ outbound: [{ to: '5551234' }] });
    expect(await post('inbound/query')).toEqual({ status: 'Success', inbound: [] });
    expect(await post('extension/hangup', { extid: '1000' })).toEqual(success);
    const { recording } = await newCdr();
    const { random } = await post('recording/get_random', { recording });
    const query = `recording=${recording}&random=${random}&token=${token}`;
    const download = await fetch(`${started.url}/api/v1.1.0/recording/download?${query}`);
    expect(Buffer.from(await download.arrayBuffer()).toString('latin1', 0, 4)).toBe('RIFF');
  });
});

it('scripts in Python (requests) ask for a SIP trunk with "?&token=", a Host without a port, and no Content-Type', async () => {
  const body = '{"trunkname":"SIP-1"}';
  const head = [
    `POST /api/v1.1.0/siptrunk/query?&token=${token} HTTP/1.1`,
    'host: 127.0.0.1',
    'User-Agent: python-requests/2.28.1',
    `Content-Length: ${body.length}`,
  ];
  expect(await sendOnce(started.url, head, body)).toMatchObject({ trunks: [{ trunkname: 'SIP-1' }] });
});

it('scripts in Python (requests) for v2.0.0 add an extension and ask for an inbound route by its id', async () => {
  const post = (endpoint: string, body: string) =>
    send(
      `POST /api/v2.0.0/${endpoint}?token=${token}`,
      ['User-Agent: python-requests/2.31.0', 'Content-Type: application/json; charset=utf-8'],
      body,
    );
  const added =
    '{"number": "99", "username": "99", "registername": "99", "registerpassword": "v0S*ZrB6Y3g~1-oe"}';
  expect(await post('extension/add', added)).toEqual(success);
  expect(await post('inroute/query', '{"id": "1"}')).toMatchObject({ inroutes: [{ id: '1' }] });
});

it('a dashboard in Dart reads who waits in a queue, and the calls of its agents as it got them', async () => {
  const post = (endpoint: string, body: object) =>
    send(
      `POST /api/v2.0.0/${endpoint}?token=${token}`,
      ['user-agent: Dart/3.2 (dart:io)', 'content-type: text/plain; charset=utf-8', 'accept-encoding: gzip'],
      JSON.stringify(body),
    );
  const { queues } = await post('queue/query', { number: 'all' });
  const [{ agents }] = queues as [{ agents: string }];
  expect((await post('extension/query', { number: agents })).extinfos).toHaveLength(2);
  await play({ from: '5551234', to: '6700', steps: ['queue'] });
  const { Calls } = await post('call/query', { type: 'inbound' });
  const waiting = (Calls as { members: unknown[] }[]).filter(({ members }) => members.length === 1);
  expect(waiting).toHaveLength(1);
  expect((await post('extension/query_call', { number: agents })).calllist).toHaveLength(2);
});

it('a proxy in JavaScript queries calls with GET', async () => {
  await play({ from: '1000', to: '1001', steps: ['ring'] });
  expect(
    await send(`GET /api/v2.0.0/call/query?token=${token}`, ['Content-Type: application/json']),
  ).toMatchObject({
    Calls: [{ members: [{ ext: { memberstatus: 'ALERT' } }, { ext: { memberstatus: 'RING' } }] }],
  });
});

it('a program in C++ (Qt) dials out with its compact JSON', async () => {
  const body = '{"autoanswer":"yes","extid":"1000","outto":"5551234"}';
  const headers = ['Content-Type: application/json', 'Connection: Keep-Alive', 'User-Agent: Mozilla/5.0'];
  const line = `POST /api/v1.0.2/extension/dial_outbound?token=${token}`;
  expect(await send(line, headers, body)).toMatchObject({ callid: expect.stringMatching(/^\d+\.\d+$/) });
});

it('a script in PowerShell asks for a SIP trunk with JSON on several lines', async () => {
  const body = '{\r\n  "trunkname": "SIP-1"\r\n}';
  const line = `POST /api/v1.1.0/siptrunk/query?token=${token}`;
  expect(await send(line, ['Content-Type: Application/JSON'], body)).toMatchObject({ trunks: [{ id: '1' }] });
});
