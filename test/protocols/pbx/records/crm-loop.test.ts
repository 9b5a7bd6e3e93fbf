/** The whole loop of a CRM over real sockets: log in, click to dial, events, call record, records and recording. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

const atMs = Date.UTC(2019, 0, 13, 23, 9, 2);
const seconds = 1_000;
let started: StartedApp;
let receiver: Receiver;
const start = async (change: Parameters<typeof startApp>[0] = {}): Promise<void> => {
  started = await startApp(change, { wallMs: () => atMs });
  await started.store.freezeClock();
};
beforeEach(async () => {
  receiver = await startReceiver();
  await start();
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

type Json = Record<string, unknown>;
const post = async (path: string, body: object): Promise<Json> => {
  const answer = await fetch(`${started.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.json()) as Json;
};
const get = (path: string, query: Record<string, string>) =>
  fetch(`${started.url}${path}?${new URLSearchParams(query)}`);
const login = async (version: string, change: object = {}): Promise<string> =>
  String(
    (await post(`/api/${version}/login`, { username: 'crm', password: 'x', port: receiver.port, ...change }))
      .token,
  );
const failed = (errno: string) => ({ status: 'Failed', errno });
const day = { starttime: '2019-01-13 00:00:00', endtime: '2019-01-13 23:59:59' };
const header =
  'callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrcunkname,status,type,pincode,recording,didnumber,sn';

describe('a CRM', () => {
  it.each([
    [
      'v1.1.0',
      '1.0.2',
      'extension/dial_extension',
      'extid',
      () => ({ ending: 'extension/hangup', by: { extid: '1001' } }),
    ],
    [
      'v2.0.0',
      '2.0.0',
      'call/dial',
      'number',
      (channelid: string) => ({ ending: 'call/hangup', by: { channelid } }),
    ],
  ] as const)(
    'of %s dials, hears, and downloads the record and the recording',
    async (prefix, version, dial, name, hangup) => {
      const token = await login(prefix, { version });
      const api = (endpoint: string, body: object) => post(`/api/${prefix}/${endpoint}?token=${token}`, body);
      const { callid } = await api(dial, { caller: '1000', callee: '1001' });
      const { calllist } = await api('extension/query_call', { number: '1001' });
      const [{ numbercalls }] = calllist as [
        { numbercalls: [{ members: [Json, { ext: { channelid: string } }] }] },
      ];
      const { ending, by } = hangup(numbercalls[0].members[1].ext.channelid);
      expect(await api(ending, by)).toMatchObject({ status: 'Success' });
      const newCdr = () => receiver.bodies().find((body) => body.includes('"NewCdr"')) ?? '{}';
      await expect.poll(newCdr).toContain(String(callid));
      const { recording } = JSON.parse(newCdr());
      const asked = await api('cdr/get_random', { [name]: '1001', ...day });
      expect(asked).toEqual({
        status: 'Success',
        [name]: '1001',
        ...day,
        random: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      const csv = await get(`/api/${prefix}/cdr/download`, {
        [name]: '1001',
        ...day,
        token,
        random: String(asked.random),
      });
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect((await csv.text()).split('\r\n')).toEqual([
        header,
        `${callid},2019-01-13 23:09:02,1000,1001,13,10,,,ANSWERED,Internal,,${recording},,369350000001`,
        '',
      ]);
      const { random } = await api('recording/get_random', { recording });
      const wav = await get(`/api/${prefix}/recording/download`, {
        recording,
        token,
        random: String(random),
      });
      expect(wav.headers.get('content-type')).toBe('audio/wav');
      const bytes = Buffer.from(await wav.arrayBuffer());
      expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', 8, 16)]).toEqual(['RIFF', 'WAVEfmt ']);
      expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
      expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
      expect(bytes.readUInt32LE(24)).toBe(8_000);
      expect(bytes.length).toBe(44 + 5 * 16_000);
    },
  );
});

describe('a random string', () => {
  const random = async (token: string, change: object = {}): Promise<string> =>
    String(
      (await post(`/api/v1.1.0/cdr/get_random?token=${token}`, { extid: 'all', ...day, ...change })).random,
    );
  const download = async (query: Record<string, string>) => {
    const answer = await get('/api/v1.1.0/cdr/download', query);
    const text = await answer.text();
    return text.startsWith('{') ? JSON.parse(text) : text;
  };

  it('is valid once', async () => {
    const token = await login('v1.1.0');
    const value = await random(token);
    expect(await download({ token, random: value })).toBe(`${header}\r\n`);
    expect(await download({ token, random: value })).toEqual(failed('20013'));
  });

  it('is valid once, also for many at the same time', async () => {
    const token = await login('v1.1.0');
    const value = await random(token);
    const all = await Promise.all(Array.from({ length: 10 }, () => download({ token, random: value })));
    expect(all.filter((one) => one === `${header}\r\n`)).toHaveLength(1);
  });

  it('is valid for 30 seconds', async () => {
    const token = await login('v1.1.0');
    const [first, second] = [await random(token), await random(token)];
    await started.store.advanceClock(30 * seconds - 1);
    expect(await download({ token, random: first })).toBe(`${header}\r\n`);
    await started.store.advanceClock(1);
    expect(await download({ token, random: second })).toEqual(failed('20013'));
  });

  it('is for its token, its kind of file and its address', async () => {
    const token = await login('v1.1.0');
    const value = await random(token, { allowedip: '10.0.0.7' });
    expect(await download({ token: await login('v1.1.0'), random: value })).toEqual(failed('20013'));
    expect(await download({ token: 'x', random: value })).toEqual(failed('20004'));
    expect(await download({ random: value })).toEqual(failed('20005'));
    expect(await download({ token })).toEqual(failed('20013'));
    const recording = await get('/api/v1.1.0/recording/download', { token, random: value });
    expect(await recording.json()).toEqual(failed('20013'));
    const url = `/api/v1.1.0/cdr/download?${new URLSearchParams({ token, random: value })}`;
    const from = async (remoteAddress: string) => (await started.app.inject({ url, remoteAddress })).body;
    expect(await from('10.0.0.8')).toContain('20013');
    expect(await from('10.0.0.7')).toBe(`${header}\r\n`);
  });

  it.each([
    ['cdr/get_random', {}, '10004'],
    ['cdr/get_random', { extid: 'all', starttime: 'yesterday', endtime: day.endtime }, '10004'],
    ['cdr/get_random', { extid: 'all', ...day, allowedip: '10.0.0' }, '20015'],
    ['recording/get_random', { recording: 'none.wav' }, '20012'],
    ['recording/get_random', { allowedip: '' }, '10004'],
  ])('is refused for %s %j', async (endpoint, body, errno) => {
    const token = await login('v1.1.0');
    expect(await post(`/api/v1.1.0/${endpoint}?token=${token}`, body)).toEqual(failed(errno));
  });

  it('downloads under the strict profile too, where other calls refuse GET', async () => {
    const token = await login('v0.0.1');
    const answer = await get('/api/v0.0.1/cdr/download', { token, random: await random(token) });
    expect(await answer.text()).toBe(`${header}\r\n`);
    expect(await (await get('/api/v0.0.1/cdr/get_random', { token })).json()).toEqual(failed('20001'));
  });
});

describe('call records', () => {
  const record = (callid: string, change: object = {}) => ({
    report: 'NewCdr',
    callid,
    timestart: '2019-01-13 10:00:00',
    callfrom: '1000',
    callto: '1001',
    callduration: '3',
    talkduration: '0',
    status: 'ANSWERED',
    type: 'Internal',
    ...change,
  });
  const ids = async (asked: object): Promise<string[]> => {
    const token = await login('v1.1.0');
    const { random } = await post(`/api/v1.1.0/cdr/get_random?token=${token}`, {
      extid: 'all',
      ...day,
      ...asked,
    });
    const answer = await get('/api/v1.1.0/cdr/download', { token, random: String(random) });
    return (await answer.text())
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',')[0] ?? '');
  };

  it('are selected by extension and time', async () => {
    await post('/_heartbeatd/pbx/events', [
      record('1'),
      record('2', { callfrom: '5551234', callto: '1002' }),
      record('3', { timestart: '2019-01-12 23:59:59' }),
      record('4', { callfrom: '1003', status: 'a "quoted", name' }),
    ] as unknown as object);
    expect(await ids({})).toEqual(['1', '2', '4']);
    expect(await ids({ extid: '1000, 1002' })).toEqual(['1', '2']);
    expect(await ids({ extid: '9' })).toEqual([]);
    expect(await ids({ starttime: '2019-01-12 00:00:00' })).toEqual(['1', '2', '3', '4']);
  });

  it('are kept as many as the settings say, and a recording goes with its record', async () => {
    await started.close();
    await start({ pbxCallRecords: 2 });
    const token = await login('v1.1.0');
    await post('/_heartbeatd/pbx/events', record('1', { recording: 'one.wav' }));
    const { random } = await post(`/api/v1.1.0/recording/get_random?token=${token}`, {
      recording: 'one.wav',
    });
    await post('/_heartbeatd/pbx/events', [record('2'), record('3')]);
    expect(await ids({})).toEqual(['2', '3']);
    const answer = await get('/api/v1.1.0/recording/download', { token, random: String(random) });
    expect(await answer.json()).toEqual(failed('20014'));
  });
});
