/** Whole calls that reach another party: forwarded, sent to voicemail, transferred, joined, in a conference, taken by an agent. */
import { describe, expect, it } from 'vitest';
import { line, twoApplications } from './two-applications.ts';

const applications = twoApplications();
const { post, play, played } = applications;

describe('a whole call', () => {
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
      applications.v2
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
