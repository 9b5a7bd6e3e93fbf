/** The calls of the API that act on a call under way: one operation each, from one table. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { type Control, type Controlled, control } from './control.ts';
import { consultationOperations, type Side, type Step } from './play/step.ts';
import {
  anyNumber,
  checkAnswers,
  extensionNumber,
  outsideNumber,
  serviceNumber,
  type TargetOf,
} from './targets.ts';

interface ControllingCall extends Control {
  readonly path: string;
  readonly summary: string;
  /** Required parameters besides the one that finds the call. */
  readonly required?: readonly string[];
  /** The reply has no callid. */
  readonly isSilent?: true;
}

const other = (side: Side): Side => (side === 'caller' ? 'callee' : 'caller');
const hangup: Control['steps'] = ({ side }) => [{ step: 'hangup', by: side }];
const hold: Control['steps'] = ({ side }) => [{ step: 'hold', by: side }];
const unhold: Control['steps'] = () => [{ step: 'resume' }];
const refuse: Control['steps'] = () => [{ step: 'hangup', by: 'callee' }];
const accept: Control['steps'] = ({ call: { callee } }) =>
  callee.type === 'service' ? [{ step: callee.kind }] : [{ step: 'ring' }, { step: 'answer' }];

/** The member that was named leaves. No report tells of transfers by the API. */
const leave =
  (targetOf: TargetOf): Control['steps'] =>
  ({ side, model, parameters }) =>
    transferred(side, targetOf(model, parameters));
/** The member that was named is connected to another. */
const forward =
  (targetOf: TargetOf): Control['steps'] =>
  ({ side, model, parameters }) =>
    transferred(other(side), targetOf(model, parameters));

function transferred(by: Side, to: string): readonly Step[] {
  return [{ step: 'transfer', by, to, reported: false }];
}

const consult: Control['steps'] = (controlled) => {
  const to = anyNumber('tonumber')(controlled.model, controlled.parameters);
  checkAnswers(controlled, to);
  return [{ step: 'consult', by: controlled.side, to }];
};

function operate({ parameters }: Controlled): readonly Step[] {
  const wanted = (parameters.get('operate') ?? '').trim();
  const operation = consultationOperations.find((name) => name === wanted);
  if (operation === undefined) throw new PbxError(errnos.parameterBlank);
  return [{ step: 'consultation', operate: operation }];
}

/** Transfers of an inbound or outbound call to each kind of target (S-Series API v1.0). */
function transfers(direction: 'inbound' | 'outbound'): readonly ControllingCall[] {
  const to = (path: string, target: string, required: string, targetOf: TargetOf): ControllingCall => ({
    path: `${direction}/${path}`,
    summary: `Transfers an ${direction} call to ${target}`,
    by: `${direction}id`,
    required: [required],
    steps: forward(targetOf),
  });
  return [
    to('transfer_number', 'any number', 'number', anyNumber('number')),
    to('transfer_extension', 'an extension', 'extid', extensionNumber('extid')),
    to('transfer_outbound', 'an outside number', 'outto', outsideNumber('outto')),
    to('transfer_ivr', 'an IVR', 'ivrid', serviceNumber('ivr', 'ivrid')),
    to('transfer_queue', 'a queue', 'queueid', serviceNumber('queue', 'queueid')),
    to('transfer_ringgroup', 'a ring group', 'ringgroupid', serviceNumber('ringGroup', 'ringgroupid')),
  ];
}

const accepts = 'Accepts an inbound call that applications decide on';
const refuses = 'Refuses an inbound call that applications decide on';

const controls: readonly ControllingCall[] = [
  {
    path: 'extension/hangup',
    summary: 'Ends the call of an extension',
    by: 'extid',
    steps: hangup,
    isSilent: true,
  },
  {
    path: 'extension/hold',
    summary: 'Puts the call of an extension on hold',
    by: 'extid',
    steps: hold,
    isSilent: true,
  },
  {
    path: 'extension/unhold',
    summary: 'Resumes the held call of an extension',
    by: 'extid',
    steps: unhold,
    isSilent: true,
  },
  { path: 'inbound/hangup', summary: 'Ends an inbound call', by: 'inboundid', steps: hangup },
  { path: 'outbound/hangup', summary: 'Ends an outbound call', by: 'outboundid', steps: hangup },
  ...transfers('inbound'),
  ...transfers('outbound'),
  {
    path: 'calltransfer',
    summary: 'Transfers a call for an extension that takes part in it',
    by: 'callid',
    required: ['transferor', 'transferto'],
    steps: leave(anyNumber('transferto')),
  },
  { path: 'inbound/accept', summary: accepts, by: 'inboundid', steps: accept, isSilent: true },
  { path: 'inbound/refuse', summary: refuses, by: 'inboundid', steps: refuse, isSilent: true },
  { path: 'call/accept_inbound', summary: accepts, by: 'channelid', steps: accept },
  { path: 'call/refuse_inbound', summary: refuses, by: 'channelid', steps: refuse },
  { path: 'call/hangup', summary: 'Ends a call', by: 'channelid', steps: hangup },
  { path: 'call/hold', summary: 'Puts a call on hold', by: 'channelid', steps: hold },
  { path: 'call/unhold', summary: 'Resumes a held call', by: 'channelid', steps: unhold },
  {
    path: 'call/transfer',
    summary: 'Transfers a call for one of its members',
    by: 'channelid',
    required: ['number'],
    steps: leave(anyNumber('number')),
  },
  {
    path: 'call/attended_transfer',
    summary: 'Begins an attended transfer: holds the call and calls the target',
    by: 'channelid',
    required: ['tonumber'],
    steps: consult,
  },
  {
    path: 'call/attended_transfer_operate',
    summary: 'Completes, cancels, swaps or joins the calls of an attended transfer',
    by: 'channelid',
    required: ['operate'],
    steps: operate,
  },
];

export const controllingCalls = controls.map(
  ({ path, summary, required = [], isSilent = false, ...rest }) =>
    (context: PbxContext): PbxOperation =>
      authorizedCall(context, {
        name: nameOf(path),
        summary,
        path,
        permission: 'calls',
        required: [rest.by, ...required],
        parameters: ['fromext', 'dialpermission'],
        reply: isSilent ? {} : { callid: Type.String() },
        errors: [
          errnos.noSuchExtension,
          errnos.noSuchCall,
          errnos.extensionNotIdle,
          errnos.noSuchIvr,
          errnos.noSuchQueue,
          errnos.noSuchRingGroup,
        ],
        async run(parameters) {
          const callid = await control(context, rest, parameters);
          return succeedWith(isSilent ? {} : { callid });
        },
      }),
);

/** `inbound/transfer_number` is `PbxInboundTransferNumber`. */
function nameOf(path: string): string {
  const words = path.split(/[/_]/).map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `Pbx${words.join('')}`;
}
