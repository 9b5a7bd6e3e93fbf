/** `cdr/get_random` and `cdr/download`: the records of calls as CSV. */
import { Type } from '@sinclair/typebox';
import { headerList } from '../../../http/reply.ts';
import {
  corsHeaders,
  endpoint,
  type PbxOperation,
  succeedWith,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import { readModel } from '../model/model.ts';
import type { CallRecord } from '../reports/call-record.ts';
import { authorize } from '../users/authorize.ts';
import { findCallRecords } from './call-records.ts';
import { issueRandom, useRandom } from './randoms.ts';

const Body = Type.Object({
  /** Extensions with commas between them, or "all". */
  extid: Field,
  /** The same as `extid`, in v2.0.0. */
  number: Field,
  starttime: Field,
  endtime: Field,
  allowedip: Field,
});
const readBody = bodyReader(Body);
const maxNumbers = 100;
const time = /^\d{4}-\d\d-\d\d[ T:]\d\d:\d\d:\d\d$/;

export function cdrGetRandom(context: PbxContext): PbxOperation {
  return {
    name: 'PbxCdrGetRandom',
    summary: 'Returns the random string that downloads call records',
    ...endpoint('cdr/get_random'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: {
        200: successWith({
          extid: Type.Optional(Type.String()),
          number: Type.Optional(Type.String()),
          starttime: Type.String(),
          endtime: Type.String(),
          random: Type.String(),
        }),
      },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.dataBlank, errnos.parameterBlank, errnos.wrongAllowedIp],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const parameters = readBody(call.body);
      if (parameters === undefined) throw new PbxError(errnos.dataBlank);
      const name = parameters.has('number') ? 'number' : 'extid';
      const asked = (parameters.get(name) ?? '').trim();
      const starttime = (parameters.get('starttime') ?? '').trim();
      const endtime = (parameters.get('endtime') ?? '').trim();
      const numbers = asked === 'all' ? [] : asked.split(',').map((number) => number.trim());
      if (asked === '' || numbers.length > maxNumbers || !time.test(starttime) || !time.test(endtime))
        throw new PbxError(errnos.parameterBlank);
      const file = { kind: 'cdr', numbers, starttime: plain(starttime), endtime: plain(endtime) } as const;
      const random = await issueRandom(context, call, parameters, file);
      return succeedWith({ [name]: asked, starttime, endtime, random });
    },
  };
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
  return {
    name: 'PbxCdrDownload',
    summary: 'Downloads call records as CSV',
    ...endpoint('cdr/download'),
    isDownload: true,
    schema: {
      params: VersionParams,
      query: Type.Object({ ...TokenQuery.properties, random: Type.String() }),
      replies: { 200: 'CSV with a line of column names' },
    },
    errors: [...tokenErrors, errnos.wrongRandom],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const { numbers, starttime, endtime } = await useRandom(context, call, call.query.random, 'cdr');
      const records = await findCallRecords(context.store, ({ timestart, callfrom, callto }) => {
        if (timestart < starttime || timestart > endtime) return false;
        return numbers.length === 0 || numbers.includes(callfrom) || numbers.includes(callto);
      });
      const { device } = (await readModel(context.store, context.configuredModel)).value;
      return { status: 200, headers: csvHeaders, body: csvOf(records, device.sn) };
    },
  };
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
