/** The state of a call before its first step. Pure. */
import type { Extension, Model } from '../../model/model.ts';
import type { Member } from '../../reports/members.ts';
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
      caller === undefined
        ? trunkMember(model, call, { callid, type: 'inbound', offset: 0 })
        : extensionMember(caller, callid, 0),
    callee:
      callee === undefined
        ? trunkMember(model, call, { callid, type: 'outbound', offset: 1 })
        : extensionMember(callee, callid, 1),
    phase: 'new',
    startedMs,
    ringSeconds: call.ringSeconds ?? 3,
    talkSeconds: call.talkSeconds ?? 10,
    recording: call.recording ?? false,
    dialledBy: call.dialledBy ?? 'api',
    control: call.control ?? false,
    startedBy: 'operator',
    transferred: false,
    keys: '',
  };
}

/** Returns a call between two outside numbers, dialled one after the other. Throws CallRefused if there are not two trunks. */
export function startCallback(
  model: Model,
  { caller, outto, fromext }: { readonly caller: string; readonly outto: string; readonly fromext: string },
  callid: string,
  startedMs: number,
): OpenCall {
  const [first, second] = model.trunks;
  if (first === undefined || second === undefined) throw new CallRefused('a call back needs two trunks');
  const outbound = (to: string, trunk: string, offset: number): Member =>
    trunkMember(model, { from: fromext, to, trunk }, { callid, type: 'outbound', offset });
  return {
    callid,
    type: 'Callback',
    caller: outbound(caller, first.name, 0),
    callee: outbound(outto, second.name, 1),
    phase: 'new',
    startedMs,
    ringSeconds: 3,
    talkSeconds: 10,
    recording: true,
    dialledBy: 'api',
    control: false,
    startedBy: 'api',
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

interface Leg {
  readonly callid: string;
  readonly type: 'inbound' | 'outbound';
  /** Tells the channels of a call apart. */
  readonly offset: number;
}

function trunkMember(model: Model, call: NewCall, { callid, type, offset }: Leg): Member {
  const trunk = call.trunk ?? model.trunks[0]?.name;
  if (trunk === undefined)
    throw new CallRefused('an inbound or outbound call needs a trunk, and the model has none');
  if (!model.trunks.some(({ name }) => name === trunk))
    throw new CallRefused(`trunk ${trunk} does not exist`);
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
