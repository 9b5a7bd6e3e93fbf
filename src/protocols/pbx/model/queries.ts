/**
 * What a client asks first, answered from the model. Members and their order are those of the documents (S-Series API
 * v1.0 to v2.0.0); values are text. Pure: the model and the time come in.
 */

import { errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import type { OpenCall } from '../calls/calls.ts';
import { type Extension, type Model, restingStatus, type Trunk } from './model.ts';

/** What a user may be allowed to ask, or to get. */
export const permissions = ['reports', 'device', 'extensions', 'trunks', 'calls'] as const;
export type Permission = (typeof permissions)[number];

export interface Asked {
  readonly model: Model;
  readonly calls: readonly OpenCall[];
  readonly parameters: Parameters;
  /** Wall time, and when this server began, ms since 1970. */
  readonly wallMs: number;
  readonly startedMs: number;
}

export interface Query {
  readonly permission: Permission;
  /** What follows `status` in the answer. Throws PbxError. */
  answer(asked: Asked): Readonly<Record<string, unknown>>;
}

/** By endpoint, without the version prefix; each is answered under every prefix. */
export const queries: ReadonlyMap<string, Query> = new Map<string, Query>([
  ['deviceinfo/query', { permission: 'device', answer: (asked) => ({ deviceinfo: deviceInfo(asked) }) }],
  [
    'extensionlist/query',
    {
      permission: 'extensions',
      answer: ({ model }) => ({ extlist: model.extensions.map(listedExtension) }),
    },
  ],
  [
    'extension/list',
    {
      permission: 'extensions',
      answer: ({ model }) => ({
        // Clients of v2 read `number` where those of v1 read `extnumber`.
        extlist: model.extensions.map((extension) => ({
          number: extension.number,
          ...listedExtension(extension),
        })),
      }),
    },
  ],
  ['extension/query', { permission: 'extensions', answer: (asked) => ({ extinfos: extensionInfos(asked) }) }],
  [
    'trunklist/query',
    { permission: 'trunks', answer: ({ model }) => ({ trunklist: model.trunks.map(listedTrunk) }) },
  ],
  ['inbound/query', { permission: 'calls', answer: (asked) => ({ inbound: inboundCalls(asked) }) }],
  ['outbound/query', { permission: 'calls', answer: (asked) => ({ outbound: outboundCalls(asked) }) }],
  ['apply', { permission: 'extensions', answer: () => ({}) }],
]);

function deviceInfo({ model, wallMs, startedMs }: Asked): Record<string, string> {
  const { devicename, sn, hardwarever, firmwarever } = model.device;
  const registered = model.extensions.filter(({ status }) => isUp(status)).length;
  return {
    devicename,
    sn,
    hardwarever,
    firmwarever,
    systemtime: `${dateTime(wallMs)} UTC+0`,
    uptime: duration(Math.max(0, wallMs - startedMs)),
    extensionstatus: `${registered}/${model.extensions.length}`,
  };
}

const down: ReadonlySet<string> = new Set(['Unavailable', 'Unregistered', 'Malfunction', 'Fxsnoport']);
const isUp = (status = 'Registered'): boolean => !down.has(status);

function listedExtension(extension: Extension): Record<string, string> {
  return {
    extnumber: extension.number,
    status: extension.status ?? restingStatus(extension),
    type: extension.type ?? 'SIP',
    username: extension.username ?? extension.number,
    agentid: extension.agentid ?? '',
  };
}

/** v1 asks by `extid`, v2 by `number`; several with commas between them; nothing, or "all", is everything. */
function extensionInfos({ model, parameters }: Asked): Record<string, string>[] {
  const asked = (parameters.get('number') ?? parameters.get('extid') ?? 'all').trim();
  const wanted =
    asked === '' || asked === 'all' ? undefined : asked.split(',').map((number) => number.trim());
  const known = new Map(model.extensions.map((extension) => [extension.number, extension]));
  const found = wanted?.map((number) => known.get(number)) ?? model.extensions;
  return found.map((extension) => {
    if (extension === undefined) throw new PbxError(errnos.noSuchExtension);
    const {
      extnumber = '',
      username = '',
      status = '',
      type = '',
      agentid = '',
    } = listedExtension(extension);
    return {
      extnumber,
      number: extnumber,
      username,
      status,
      type,
      callerid: extension.callerid ?? extnumber,
      registername: extnumber,
      maxregistrations: '1',
      email: '',
      mobile: '',
      language: 'System Default',
      hasvoicemail: 'off',
      enablevmtoemail: 'off',
      alwaysforward: 'off',
      noanswerforward: 'off',
      busyforward: 'off',
      ringsimultaneous: 'off',
      enablemobile: 'off',
      allowbeingmonitored: 'off',
      monitormode: 'Disabled',
      ringtimeout: '30',
      maxduration: 'Follow System',
      dnd: 'off',
      callrestriction: 'off',
      agentid,
    };
  });
}

/** Calls that came in on a trunk; several ids with commas between them, or none for all. */
function inboundCalls({ calls, parameters }: Asked): Record<string, unknown>[] {
  const listed = calls.flatMap(({ caller, callee, phase }) => {
    if (caller.type !== 'inbound') return [];
    const { id = '', from, to, trunk } = caller;
    const called = callee.type === 'ext' ? [{ extid: callee.number }] : [];
    return [{ inboundid: id, from, to, trunk, status: talking(phase), callee: called }];
  });
  return onlyAsked(listed, 'inboundid', parameters.get('inboundid'));
}

/** Calls that left by a trunk. */
function outboundCalls({ calls, parameters }: Asked): Record<string, unknown>[] {
  const listed = calls.flatMap(({ callee, phase }) => {
    if (callee.type !== 'outbound') return [];
    const { id = '', from, to, trunk } = callee;
    return [{ outboundid: id, from, to, trunk, status: talking(phase) }];
  });
  return onlyAsked(listed, 'outboundid', parameters.get('outboundid'));
}

/** The documents know one state only; the other names are ours. */
const talking = (phase: OpenCall['phase']): string =>
  ({ new: 'Ringing', ringing: 'Ringing', answered: 'Talking', held: 'Hold' })[phase];

function onlyAsked(
  listed: readonly Record<string, unknown>[],
  name: string,
  asked = '',
): Record<string, unknown>[] {
  if (asked.trim() === '') return [...listed];
  return asked.split(',').map((id) => {
    const found = listed.find((call) => call[name] === id.trim());
    if (found === undefined) throw new PbxError(errnos.noSuchCall);
    return found;
  });
}

function listedTrunk({ name, status = 'Registered', type = 'SIP', port }: Trunk): Record<string, string> {
  return { trunkname: name, status, type, ...(port === undefined ? {} : { port }) };
}

/** As the PBX writes dates, in UTC: `2019-01-13 23:09:02`. */
export function dateTime(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ');
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
