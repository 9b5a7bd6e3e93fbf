/** The state of a call before its first step. Pure. */
import type { Extension, Model } from '../model/model.ts';
import type { Member } from '../reports/members.ts';
import { CallRefused, type NewCall, type OpenCall } from './call.ts';

/** Returns a call that nothing happened in yet. Throws CallRefused if neither end is an extension, or for an unknown trunk. */
export function startCall(model: Model, call: NewCall, callid: string, startedMs: number): OpenCall {
  const caller = findExtension(model, call.from);
  const callee = findExtension(model, call.to);
  if (caller === undefined && callee === undefined)
    throw new CallRefused(`neither ${call.from} nor ${call.to} is an extension`);
  return {
    callid,
    type: caller === undefined ? 'Inbound' : callee === undefined ? 'Outbound' : 'Internal',
    caller:
      caller === undefined ? trunkMember(model, call, callid, 'inbound') : extensionMember(caller, callid, 0),
    callee:
      callee === undefined
        ? trunkMember(model, call, callid, 'outbound')
        : extensionMember(callee, callid, 1),
    phase: 'new',
    startedMs,
    ringSeconds: call.ringSeconds ?? 3,
    talkSeconds: call.talkSeconds ?? 10,
    recording: call.recording ?? false,
    dialledBy: call.dialledBy ?? 'api',
    control: call.control ?? false,
    transferred: false,
    keys: '',
  };
}

/** Returns an extension as a member of a call. `offset`: tells the channels of a call apart. */
export function extensionMember(
  { number, type = 'SIP' }: Pick<Extension, 'number' | 'type'>,
  callid: string,
  offset: number,
): Member {
  return { type: 'ext', number, channelid: channel(`${type}/${number}`, callid, offset) };
}

function trunkMember(model: Model, call: NewCall, callid: string, type: 'inbound' | 'outbound'): Member {
  const trunk = call.trunk ?? model.trunks[0]?.name;
  if (trunk === undefined)
    throw new CallRefused('an inbound or outbound call needs a trunk, and the model has none');
  if (!model.trunks.some(({ name }) => name === trunk))
    throw new CallRefused(`trunk ${trunk} does not exist`);
  const offset = type === 'inbound' ? 0 : 1;
  const [seconds = '', counter = '0'] = callid.split('.');
  return {
    type,
    from: call.from,
    to: call.to,
    trunk,
    id: `${seconds}.${Number(counter) + offset}`,
    channelid: channel(`SIP/${trunk}`, callid, offset),
  };
}

function findExtension({ extensions }: Model, number: string): Extension | undefined {
  return extensions.find((extension) => extension.number === number);
}

function channel(name: string, callid: string, offset: number): string {
  const [, counter = '0'] = callid.split('.');
  return `${name}-${(Number(counter) + offset).toString(16).padStart(8, '0')}`;
}
