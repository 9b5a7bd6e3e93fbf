/** Whole calls as operators play them: every report of each, in the order in which applications of v1.1.0 and of v2.0.0 get them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

let started: StartedApp;
let v1: Receiver;
let v2: Receiver;
beforeEach(async () => {
  started = await startApp();
  [v1, v2] = await Promise.all([startReceiver(), startReceiver()]);
  await login('v1.1.0', '1.0.2', v1.port);
  await login('v2.0.0', '2.0.0', v2.port);
});
afterEach(async () => {
  await Promise.all([v1.close(), v2.close()]);
  await started.close();
});

type Json = Record<string, unknown>;
type Member = Record<string, Record<string, string>>;
const post = async (path: string, body: object): Promise<Json> => {
  const answer = await fetch(`${started.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Json;
};
const login = (prefix: string, version: string, port: number) =>
  post(`/api/${prefix}/login`, { username: `crm${version}`, password: 'x', port, version });
const play = (call: object) => post('/_heartbeatd/pbx/calls', call);
const isAboutCalls = (report: Json): boolean => (report.action ?? report.event) !== 'ExtensionStatus';

/** A member as `1000`, or `5551234>1000` if it is outside, with its state and the path that the call took. */
function member(one: Member): string {
  const [fields = {}] = Object.values(one);
  const { extid, number, from, to, memberstatus, callpath } = fields;
  const name = extid ?? number ?? `${from}>${to}`;
  return [name, memberstatus, callpath === undefined ? undefined : `via ${callpath}`]
    .filter(Boolean)
    .join(' ');
}

function line(report: Json): string {
  const { action, event, call, members, reason, info, ivr, ext, inbound, outbound } = report;
  const name = String(action ?? event);
  if (name === 'NewCdr') return `NewCdr ${report.callfrom}>${report.callto} ${report.status} ${report.type}`;
  // Without a list, each member is a member of the report.
  const single = Object.entries({ outbound, inbound, ext }).flatMap(([key, value]) =>
    value === undefined ? [] : [{ [key]: value } as Member],
  );
  const parties = ((call ?? members ?? single) as Member[]).map(member);
  const number = ivr === undefined ? undefined : Object.values(ivr as object).join();
  const { conferencenumber, conferencename } = report;
  const conference = conferencenumber === undefined ? undefined : `${conferencenumber} ${conferencename}`;
  return [name, reason, conference, parties.join(', '), info, number].filter(Boolean).join(' | ');
}

/** Returns the reports of both applications about calls, once the record of the call has arrived. */
async function played(call: object): Promise<{ readonly v1: string[]; readonly v2: string[] }> {
  expect(await play(call)).toMatchObject({ open: false });
  const of = async (receiver: Receiver): Promise<string[]> => {
    const reports = (): Json[] => receiver.bodies().map((body) => JSON.parse(body));
    await expect.poll(() => reports().some(({ action, event }) => (action ?? event) === 'NewCdr')).toBe(true);
    return reports().filter(isAboutCalls).map(line);
  };
  return { v1: await of(v1), v2: await of(v2) };
}

const hangup = { step: 'hangup', by: 'callee' };

describe('a whole call', () => {
  it('between extensions', async () => {
    expect(await played({ from: '1000', to: '1001' })).toEqual({
      v1: [
        'ALERT | 1000',
        'RING | 1001, 1000',
        'ANSWER | 1001, 1000',
        'ANSWERED | 1000, 1001',
        'BYE | 1000, 1001',
        'BYE | 1001, 1000',
        'NewCdr 1000>1001 ANSWERED Internal',
      ],
      v2: [
        'CallStatus | 1000 ALERT, 1001 RING',
        'CallStatus | 1000 ANSWERED, 1001 ANSWER',
        'CallStatus | 1000 BYE, 1001 BYE',
        'NewCdr 1000>1001 ANSWERED Internal',
      ],
    });
  });

  it('from outside to an extension', async () => {
    expect(await played({ from: '555', to: '1000', steps: ['ring', 'answer', hangup] })).toEqual({
      v1: [
        'ALERT | 555>1000',
        'RING | 1000, 555>1000',
        'ANSWER | 1000, 555>1000',
        'ANSWERED | 555>1000, 1000',
        'BYE | 1000, 555>1000',
        'BYE | 555>1000, 1000',
        'NewCdr 555>1000 ANSWERED Inbound',
      ],
      v2: [
        'CallStatus | 555>1000 ALERT, 1000 RING',
        'CallStatus | 555>1000 ANSWERED, 1000 ANSWER',
        'CallStatus | 555>1000 BYE, 1000 BYE',
        'NewCdr 555>1000 ANSWERED Inbound',
      ],
    });
  });

  it('from outside that the application is asked about', async () => {
    const call = { from: '555', to: '1000', control: true, steps: ['ring', 'answer', 'hangup'] };
    const { v1: old, v2: next } = await played(call);
    expect(old.slice(0, 3)).toEqual(['Invite | 555>1000', 'Incoming | 555>1000', 'ALERT | 555>1000']);
    expect(next.slice(0, 3)).toEqual([
      'Invite | 555>1000',
      'Incoming | 555>1000',
      'CallStatus | 555>1000 ALERT, 1000 RING',
    ]);
  });

  it('through an IVR and a queue', async () => {
    const steps = [
      { step: 'ivr' },
      { step: 'prompt' },
      { step: 'dtmf', key: '2' },
      { step: 'queue', number: '6700' },
      { step: 'ring' },
      'answer',
      { step: 'survey', result: '5' },
      hangup,
    ];
    expect(await played({ from: '555', to: '6500', steps })).toEqual({
      v1: [
        'ANSWERED | 555>6500',
        'PlayPromptEnd | undefined>undefined | 6500',
        'DTMF | 555>6500 | 2',
        'ALERT | 555>6500',
        'RING | 1000, 555>6500',
        'ANSWER | 1000, 555>6500',
        'ANSWERED | 555>6500, 1000',
        'satisfaction',
        'BYE | 1000, 555>6500',
        'BYE | 555>6500, 1000',
        'NewCdr 555>1000 ANSWERED Inbound',
      ],
      v2: [
        'CallStatus | 555>6500 ANSWERED via 6500',
        'PlayPromptEnd | 555>6500 via 6500 | 6500',
        'DTMF | 555>6500 ANSWERED via 6500 | 2',
        'CallStatus | 555>6500 ANSWERED via 6700',
        'CallStatus | 555>6500 ALERT via 6700, 1000 RING via 6700',
        'CallStatus | 555>6500 ANSWERED via 6700, 1000 ANSWER via 6700',
        'satisfaction',
        'CallStatus | 555>6500 BYE via 6700, 1000 BYE via 6700',
        'NewCdr 555>1000 ANSWERED Inbound',
      ],
    });
    const [record = '{}'] = v1.bodies().filter((body) => body.includes('"NewCdr"'));
    expect(JSON.parse(record)).toMatchObject({ agentringtime: '3', didnumber: '6500' });
  });

  it('to a ring group, of which one extension after the other rings', async () => {
    const steps = ['ringGroup', 'ring', { step: 'ring', to: '1002' }, 'answer', 'hangup'];
    expect((await played({ from: '1000', to: '6200', steps })).v2).toEqual([
      'CallStatus | 1000 ALERT via 6200, 1001 RING via 6200',
      'CallStatus | 1000 ALERT via 6200, 1002 RING via 6200',
      'CallStatus | 1000 ANSWERED via 6200, 1002 ANSWER via 6200',
      'CallStatus | 1000 BYE via 6200, 1002 BYE via 6200',
      'NewCdr 1000>1002 ANSWERED Internal',
    ]);
  });

  it('to the outside', async () => {
    expect(await played({ from: '1000', to: '555' })).toEqual({
      v1: [
        'ALERT | 1000',
        'RING | 1000>555, 1000',
        'ANSWER | 1000>555, 1000',
        'ANSWERED | 1000, 1000>555',
        'BYE | 1000, 1000>555',
        'BYE | 1000>555, 1000',
        'NewCdr 1000>555 ANSWERED Outbound',
      ],
      v2: [
        'CallStatus | 1000 ALERT, 1000>555 RING',
        'CallStatus | 1000 ANSWERED, 1000>555 ANSWER',
        'CallStatus | 1000 BYE, 1000>555 BYE',
        'NewCdr 1000>555 ANSWERED Outbound',
      ],
    });
  });

  it('to a number that is busy', async () => {
    expect(await played({ from: '1000', to: '555', steps: ['fail'] })).toEqual({
      v1: ['CallFailed | 486 Busy Here | 1000>555, 1000', 'NewCdr 1000>555 BUSY Outbound'],
      v2: ['CallFailed | 486 Busy here | 1000', 'NewCdr 1000>555 BUSY Outbound'],
    });
  });

  it('that nobody answers', async () => {
    const reason = '480 Temporarily unavailable';
    const steps = ['ring', { step: 'fail', reason }];
    expect(await played({ from: '1000', to: '1001', steps })).toEqual({
      v1: [
        'ALERT | 1000',
        'RING | 1001, 1000',
        `CallFailed | ${reason} | 1000`,
        'NewCdr 1000>1001 NO ANSWER Internal',
      ],
      v2: [
        'CallStatus | 1000 ALERT, 1001 RING',
        'CallFailed | 480 Temporatily Unavailable | 1000',
        'NewCdr 1000>1001 NO ANSWER Internal',
      ],
    });
  });

  it('that the caller gives up', async () => {
    const { v1: old, v2: next } = await played({ from: '1000', to: '1001', steps: ['ring', 'hangup'] });
    expect(old.slice(2)).toEqual([
      'CallFailed | 487 Request Terminated | 1000',
      'BYE | 1000, 1001',
      'BYE | 1001, 1000',
      'NewCdr 1000>1001 NO ANSWER Internal',
    ]);
    expect(next.slice(1)).toEqual(['CallStatus | 1000 BYE, 1001 BYE', 'NewCdr 1000>1001 NO ANSWER Internal']);
  });

  it('that is forwarded', async () => {
    const steps = ['ring', { step: 'forward', to: '1001' }, 'ring', 'answer', 'hangup'];
    expect(await played({ from: '555', to: '1000', steps })).toEqual({
      v1: [
        'ALERT | 555>1000',
        'RING | 1000, 555>1000',
        'Tranfer | 555>1000',
        'ALERT | 555>1000',
        'RING | 1001, 555>1000',
        'ANSWER | 1001, 555>1000',
        'ANSWERED | 555>1000, 1001',
        'BYE | 555>1000, 1001',
        'BYE | 1001, 555>1000',
        'NewCdr 555>1001 ANSWERED Inbound',
      ],
      v2: [
        'CallStatus | 555>1000 ALERT, 1000 RING',
        'Forward | 555>1000',
        'CallStatus | 555>1000 ALERT, 1001 RING',
        'CallStatus | 555>1000 ANSWERED, 1001 ANSWER',
        'CallStatus | 555>1000 BYE, 1001 BYE',
        'NewCdr 555>1001 ANSWERED Inbound',
      ],
    });
  });

  it('that goes to voicemail', async () => {
    expect(await played({ from: '555', to: '1000', steps: ['ring', 'voicemail', 'hangup'] })).toEqual({
      v1: [
        'ALERT | 555>1000',
        'RING | 1000, 555>1000',
        'ANSWERED | 555>1000',
        'BYE | 555>1000',
        'NewCdr 555>1000 VOICEMAIL Inbound',
      ],
      v2: [
        'CallStatus | 555>1000 ALERT, 1000 RING',
        'CallStatus | 555>1000 ANSWERED',
        'CallStatus | 555>1000 BYE',
        'NewCdr 555>1000 VOICEMAIL Inbound',
      ],
    });
  });

  it('that is transferred by an extension, to the outside', async () => {
    const steps = ['ring', 'answer', { step: 'transfer', to: '777' }, 'hangup'];
    const { v1: old, v2: next } = await played({ from: '555', to: '1000', steps });
    expect(old.slice(4)).toEqual([
      'Tranfer | 555>1000, 1000',
      'BYE | 555>1000, 1000>777',
      'BYE | 1000>777, 555>1000',
      'NewCdr 555>777 ANSWERED Transfer',
    ]);
    expect(next.slice(2)).toEqual([
      'Tranfer | 555>1000, 1000',
      'CallStatus | 555>1000 ANSWERED, 1000>777 ANSWER',
      'CallStatus | 555>1000 BYE, 1000>777 BYE',
      'NewCdr 555>777 ANSWERED Transfer',
    ]);
  });

  it('that three talk in', async () => {
    const steps = [
      'ring',
      'answer',
      { step: 'consult', to: '1002' },
      { step: 'consultation', operate: 'threeway' },
      'hangup',
    ];
    expect((await played({ from: '1000', to: '1001', steps })).v2.slice(2)).toEqual([
      'CallStatus | 1000 HOLD, 1001 ANSWER',
      'CallStatus | 1001 ANSWERED, 1002 ANSWER',
      'CallStatus | 1001 BYE, 1002 BYE',
      'CallStatus | 1000 ANSWERED, 1001 ANSWER, 1002 ANSWER',
      'CallStatus | 1000 BYE, 1001 BYE, 1002 BYE',
      'NewCdr 1000>1001 ANSWERED Internal',
    ]);
  });

  it('to a conference', async () => {
    expect(await played({ from: '1000', to: '6400' })).toEqual({
      v1: ['ANSWERED | 1000', 'BYE | 1000', 'NewCdr 1000>6400 ANSWERED Internal'],
      v2: [
        'CallStatus | 1000 ANSWERED via 6400',
        'ConferenceStatus | 6400 Meeting | 1000 ANSWERED via 6400',
        'CallStatus | 1000 BYE via 6400',
        'ConferenceStatus | 6400 Meeting',
        'NewCdr 1000>6400 ANSWERED Internal',
      ],
    });
  });

  it('to a conference that another call is in, which v2 gets reports of until both have left', async () => {
    const first = await play({ from: '1000', to: '6400', steps: ['conference'] });
    await play({ from: '1001', to: '6400', steps: ['conference'] });
    await post(`/_heartbeatd/pbx/calls/${first.callid}`, { steps: ['hangup'] });
    await play({ from: '1002', to: '6400' });
    const conferences = (): string[] =>
      v2
        .bodies()
        .map((body) => line(JSON.parse(body)))
        .filter((text) => text.startsWith('ConferenceStatus'));
    await expect
      .poll(conferences)
      .toEqual([
        'ConferenceStatus | 6400 Meeting | 1000 ANSWERED via 6400',
        'ConferenceStatus | 6400 Meeting | 1000 ANSWERED via 6400, 1001 ANSWERED via 6400',
        'ConferenceStatus | 6400 Meeting | 1001 ANSWERED via 6400',
        'ConferenceStatus | 6400 Meeting | 1001 ANSWERED via 6400, 1002 ANSWERED via 6400',
        'ConferenceStatus | 6400 Meeting | 1001 ANSWERED via 6400',
      ]);
  });

  it('to a queue without steps is answered by its first free agent', async () => {
    const { v2: next } = await played({ from: '1000', to: '6700' });
    expect(next).toEqual([
      'CallStatus | 1000 ANSWERED via 6700',
      'CallStatus | 1000 ALERT via 6700, 1001 RING via 6700',
      'CallStatus | 1000 ANSWERED via 6700, 1001 ANSWER via 6700',
      'CallStatus | 1000 BYE via 6700, 1001 BYE via 6700',
      'NewCdr 1000>1001 ANSWERED Internal',
    ]);
  });
});

describe('a step that does not fit is refused with its reason', () => {
  it.each([
    [{ from: '1000', to: '1001', steps: ['ring', { step: 'forward', to: '1000' }] }, '1000 takes part'],
    [
      { from: '1000', to: '1001', steps: ['ring', 'answer', { step: 'transfer', to: '1000' }] },
      '1000 takes part in the call already',
    ],
    [{ from: '1000', to: '1001', steps: ['ring', 'ivr'] }, 'step "ivr" needs a number'],
    [{ from: '1000', to: '6500', steps: ['ivr', 'ring'] }, '6500 has no free extension'],
    [{ from: '555', to: '6500', steps: ['ivr', { step: 'ring', to: '6700' }] }, '6700 is no telephone'],
    [{ from: '555', to: '1000', steps: ['ring', 'answer', 'prompt'] }, 'a prompt needs its file name'],
    [
      { from: '1000', to: '555', steps: [{ step: 'forward', to: '1001' }] },
      'only an extension forwards calls',
    ],
    [{ from: '1000', to: '6400', steps: ['conference', { step: 'hold' }] }, 'while the call is service'],
    [
      { from: '1000', to: '1001', steps: ['ring', 'answer', { step: 'consult', to: '1000' }] },
      '1000 takes part in the call already',
    ],
    [
      { from: '1000', to: '1001', steps: ['ring', 'answer', { step: 'consult', to: '6500' }] },
      '6500 is not a telephone',
    ],
    [
      { from: '1000', to: '1001', steps: ['ring', 'answer', { step: 'consultation', operate: 'swap' }] },
      'while the call is answered',
    ],
  ])('%j', async (call, reason) => {
    expect(await play(call)).toEqual({ error: expect.stringContaining(reason) });
  });
});
