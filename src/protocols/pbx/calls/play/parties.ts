/** Who a number stands for: an extension, something that the PBX itself answers, or an outside number. Pure. */
import type { Extension, Model } from '../../model/model.ts';
import { serviceOf } from '../../model/services.ts';
import type { Member } from '../../reports/members.ts';
import { type Callee, CallRefused } from './call.ts';

/** A place in a call. `offset` tells its channels apart. */
interface Place {
  readonly callid: string;
  readonly offset: number;
}

/** Returns an extension as a member of a call. */
export function extensionMember(
  { number, type = 'SIP' }: Pick<Extension, 'number' | 'type'>,
  { callid, offset }: Place,
): Member {
  return { type: 'ext', number, channelid: channel(`${type}/${number}`, callid, offset) };
}

interface TrunkLeg {
  readonly type: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  /** Absent: the first trunk of the model. */
  readonly trunk?: string | undefined;
}

/** Returns the outside end of a trunk as a member. Throws CallRefused for an unknown trunk, or if there is none. */
export function trunkMember(model: Model, leg: TrunkLeg, { callid, offset }: Place): Member {
  const trunk = leg.trunk ?? model.trunks[0]?.name;
  if (trunk === undefined)
    throw new CallRefused('an inbound or outbound call needs a trunk, and the model has none');
  if (!model.trunks.some(({ name }) => name === trunk))
    throw new CallRefused(`trunk ${trunk} does not exist`);
  const { type, from, to } = leg;
  return {
    type,
    from,
    to,
    trunk,
    id: laterId(callid, offset),
    channelid: channel(`SIP/${trunk}`, callid, offset),
  };
}

/** Returns who answers a number that `from` dials. Throws CallRefused for an outside number if there is no trunk. */
export function calleeOf(model: Model, number: string, from: string, place: Place): Callee {
  const extension = findExtension(model, number);
  if (extension !== undefined) return extensionMember(extension, place);
  const kind = serviceOf(model, number);
  if (kind !== undefined) return { type: 'service', kind, number };
  return trunkMember(model, { type: 'outbound', from, to: number }, place);
}

export function findExtension(
  { extensions }: Pick<Model, 'extensions'>,
  number: string,
): Extension | undefined {
  return extensions.find((extension) => extension.number === number);
}

/** Returns an id of the same call that was given out later. */
export function laterId(callid: string, offset: number): string {
  const [seconds = '', counter = '0'] = callid.split('.');
  return `${seconds}.${Number(counter) + offset}`;
}

function channel(name: string, callid: string, offset: number): string {
  const [, counter = '0'] = callid.split('.');
  return `${name}-${(Number(counter) + offset).toString(16).padStart(8, '0')}`;
}
