/** `cdr/get_random` and `cdr/download`: the records of calls as CSV. */
import { Type } from '@sinclair/typebox';
import { headerList } from '../../../http/reply.ts';
import { authorizedCall, downloadCall } from '../api/authorized-call.ts';
import { corsHeaders, type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { namesIn } from '../api/select.ts';
import { readModel } from '../model/model.ts';
import type { CallRecord } from '../reports/call-record.ts';
import { findCallRecords } from './call-records.ts';
import { issueRandom, useRandom } from './randoms.ts';

const maxNumbers = 100;
const time = /^\d{4}-\d\d-\d\d[ T:]\d\d:\d\d:\d\d$/;

export function cdrGetRandom(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxCdrGetRandom',
    summary: 'Returns the random string that downloads call records',
    path: 'cdr/get_random',
    permission: 'calls',
    required: ['starttime', 'endtime'],
    // Extensions with commas between them, or "all": in v1 `extid`, in v2.0.0 `number`.
    parameters: ['extid', 'number', 'allowedip'],
    reply: {
      extid: Type.Optional(Type.String()),
      number: Type.Optional(Type.String()),
      starttime: Type.String(),
      endtime: Type.String(),
      random: Type.String(),
    },
    errors: [errnos.wrongAllowedIp],
    async run(parameters, call) {
      const name = parameters.has('number') ? 'number' : 'extid';
      const asked = (parameters.get(name) ?? '').trim();
      const starttime = (parameters.get('starttime') ?? '').trim();
      const endtime = (parameters.get('endtime') ?? '').trim();
      const numbers = [...namesIn(asked)];
      if (asked === '' || numbers.length > maxNumbers || !time.test(starttime) || !time.test(endtime))
        throw new PbxError(errnos.parameterBlank);
      const file = { kind: 'cdr', numbers, starttime: plain(starttime), endtime: plain(endtime) } as const;
      const random = await issueRandom(context, call, parameters, file);
      return succeedWith({ [name]: asked, starttime, endtime, random });
    },
  });
}

/** Returns a time in the form of the records. */
function plain(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11)}`;
}

const csvHeaders = headerList({
  ...corsHeaders,
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': 'attachment; filename="cdr.csv"',
});

export function cdrDownload(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return downloadCall(context, {
    name: 'PbxCdrDownload',
    summary: 'Downloads call records as CSV',
    path: 'cdr/download',
    permission: 'calls',
    content: 'CSV with a line of column names',
    errors: [errnos.wrongRandom],
    async run(call) {
      const { numbers, starttime, endtime } = await useRandom(context, call, call.query.random, 'cdr');
      const records = await findCallRecords(store, ({ timestart, callfrom, callto }) => {
        if (timestart < starttime || timestart > endtime) return false;
        return numbers.length === 0 || numbers.includes(callfrom) || numbers.includes(callto);
      });
      const { device } = (await readModel(store, configuredModel)).value;
      return { status: 200, headers: csvHeaders, body: csvOf(records, device.sn) };
    },
  });
}

/** In the order in which clients read them, by their names in NewCdr, as the PBX spells them. */
const columns = [
  'callid',
  'timestart',
  'callfrom',
  'callto',
  'callduraction',
  'talkduraction',
  'srctrunkname',
  'dsttrcunkname',
  'status',
  'type',
  'pincode',
  'recording',
  'didnumber',
  'sn',
] as const;

function csvOf(records: readonly CallRecord[], sn: string): string {
  const lines = records.map((record) => {
    const values = {
      ...record,
      callduraction: record.callduration,
      talkduraction: record.talkduration,
      dsttrcunkname: record.dsttrunkname,
      sn,
    };
    return columns.map((column) => cell(values[column] ?? '')).join(',');
  });
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
