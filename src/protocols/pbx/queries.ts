/**
 * What a client asks first, answered from the model. Members and their order are those of the documents (S-Series API
 * v1.0 to v2.0.0); values are text. Pure: the model and the time come in.
 */
import { errnos, PbxError } from './errors.ts';
import { type Extension, type Model, restingStatus, type Trunk } from './model.ts';
import type { Parameters } from './parameters.ts';

/** What a user may be allowed to ask, or to get. */
export const permissions = ['reports', 'device', 'extensions', 'trunks', 'routes'] as const;
export type Permission = (typeof permissions)[number];

export interface Asked {
  readonly model: Model;
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
  ['inbound/query', { permission: 'routes', answer: () => ({ inbound: [] }) }],
  ['outbound/query', { permission: 'routes', answer: () => ({ outbound: [] }) }],
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
      agentid,
    };
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
