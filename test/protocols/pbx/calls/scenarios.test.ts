/** Whole calls as operators play them: every report of each, in the order in which applications of v1.1.0 and of v2.0.0 get them. */
import { describe, expect, it } from 'vitest';
import { hangup, twoApplications } from './two-applications.ts';

const applications = twoApplications();
const { play, played } = applications;

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
    const [record = '{}'] = applications.v1.bodies().filter((body) => body.includes('"NewCdr"'));
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
