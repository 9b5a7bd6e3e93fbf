/** Reports about the PBX itself, its extensions and trunks, and messages. Every shape writes them alike. */
import { Type } from '@sinclair/typebox';
import { Name, type ReportKind, reportKind, Shapes } from './report-kind.ts';

const Raw = Type.Object(
  { report: Type.Literal('Raw'), body: Type.Record(Type.String(), Type.Unknown()), shapes: Shapes },
  { additionalProperties: false },
);
/** Sent as it is, in every shape. */
const raw: ReportKind<typeof Raw> = {
  schema: Raw,
  names: ['Raw'],
  render: ({ body }) => JSON.stringify(body),
};

export const systemReports = [
  reportKind('BootUp', {}),
  reportKind(
    'ConfigChange',
    {
      type: Type.Union([Type.Literal('trunk'), Type.Literal('extension')]),
      name: Name,
      operation: Type.Union([Type.Literal('add'), Type.Literal('del'), Type.Literal('update')]),
    },
    {
      members: ({ type, name, operation }) => [
        ['type', type],
        [type === 'trunk' ? 'trunkname' : 'extid', name],
        ['operation', operation],
      ],
    },
  ),
  reportKind(
    'ExtensionStatus',
    { extension: Name, status: Name },
    {
      members: ({ extension, status }) => [
        ['extension', extension],
        ['status', status],
      ],
    },
  ),
  // The documents mention it without a sample; the members are a choice.
  reportKind(
    'TrunkStatus',
    { trunkname: Name, status: Name },
    {
      members: ({ trunkname, status }) => [
        ['trunkname', trunkname],
        ['status', status],
      ],
    },
  ),
  reportKind(
    'SmsSend',
    { status: Name, smsid: Name },
    {
      wireName: () => 'sms-send',
      members: ({ status, smsid }) => [
        ['status', status],
        ['smsid', smsid],
      ],
    },
  ),
  // A call on a telephone that is controlled by uaCSTA ("uacstacall", v2.0.0): only the event shape has it.
  reportKind(
    'UaCstaCall',
    { operation: Name, extnumber: Name, cstacallid: Name, ipaddress: Name },
    {
      wireName: () => 'uacstacall',
      members: ({ operation, extnumber, cstacallid, ipaddress }, shape) =>
        shape === 'event'
          ? [
              ['operation', operation],
              ['extnumber', extnumber],
              ['cstacallid', cstacallid],
              ['ipaddress', ipaddress],
            ]
          : undefined,
    },
  ),
  raw,
] as const;
