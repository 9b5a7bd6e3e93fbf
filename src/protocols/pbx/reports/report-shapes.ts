/**
 * Reports as bytes, in the four shapes that applications ask for with their `version`. Sources: S-Series API Developer's
 * Guide (legacy), S-Series API v1.1.0 (call list), S-Series API v2.0.0 (event), OpenVox UC API; what none of them
 * shows is marked as ours.
 */
import type { Member, Report, Shape } from './reports.ts';

/** Members in the order they are written. Pairs, since the legacy shape says `ext` twice. */
type Pairs = readonly (readonly [name: string, value: Value])[];
type Value = string | readonly string[] | { readonly pairs: Pairs } | readonly { readonly pairs: Pairs }[];

/** Which shape a token's `version` selects; absent (empty) and unknown text is the oldest one. */
export function shapeOf(version: string): Shape {
  if (version === '0.0.1') return 'openvox';
  if (version === '1.0.2') return 'callList';
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (!/^\d{1,4}(?:\.\d{1,4}){0,2}$/.test(version)) return 'legacy';
  // Ours: what lies between the documented versions has the shape of the one before it.
  if (major >= 2) return 'event';
  return major === 1 && (minor > 0 || patch >= 2) ? 'callList' : 'legacy';
}

/**
 * The body of a report: one line of compact JSON. Undefined: applications of this shape get no such report. `serial`
 * is the serial number of the PBX.
 */
export function renderReport(report: Report, shape: Shape, serial: string): string | undefined {
  if (report.shapes !== undefined && !report.shapes.includes(shape)) return undefined;
  if (report.report === 'Raw') return JSON.stringify(report.body);
  const pairs = shape === 'event' ? eventPairs(report) : actionPairs(report, shape);
  if (pairs === undefined) return undefined;
  // The oldest documents show no serial number.
  return write(shape === 'legacy' ? pairs : [...pairs, ['sn', serial]]);
}

function write(pairs: Pairs): string {
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${writeValue(value)}`).join(',')}}`;
}

function writeValue(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if ('pairs' in value) return write(value.pairs);
  const items: readonly (string | { readonly pairs: Pairs })[] = value;
  return `[${items.map((item) => (typeof item === 'string' ? JSON.stringify(item) : write(item.pairs))).join(',')}]`;
}

type Rendered = Exclude<Report, { report: 'Raw' }>;

function actionPairs(report: Rendered, shape: Exclude<Shape, 'event'>): Pairs | undefined {
  switch (report.report) {
    // Only events know it.
    case 'HOLD':
      return undefined;
    case 'RING':
    case 'ALERT':
    case 'ANSWER':
    case 'ANSWERED':
    case 'BYE':
      return [
        ['action', report.report],
        ['callid', report.callid],
        // OpenVox's one sample with two extensions is a RING, and names the caller first.
        ...parties(shape === 'openvox' ? report.members : inOrder(report), shape),
      ];
    case 'Transfer':
      // Every sample misspells it.
      return [['action', 'Tranfer'], ['callid', report.callid], ...parties(report.members, shape)];
    case 'CallFailed':
      return [
        ['action', 'CallFailed'],
        ['reason', report.reason],
        ['callid', report.callid],
        ...parties(report.members, shape),
      ];
    case 'Invite':
    case 'Incoming':
      return [['action', report.report], ['callid', report.callid], ...parties(report.members, shape)];
    case 'DTMF': {
      const keys: Pairs = shape === 'callList' ? keyIndex(report) : [];
      return [
        ['action', 'DTMF'],
        ['callid', report.callid],
        ...parties(report.members, shape),
        ['info', report.info],
        ...keys,
      ];
    }
    case 'PlayPromptEnd':
      return [
        ['action', 'PlayPromptEnd'],
        ['callid', report.callid],
        ['ext', { pairs: [['extid', report.extension]] }],
        ['prompt', report.prompt],
      ];
    case 'NewCdr': {
      const present: [string, string | undefined][] = [
        ['srctrunkname', report.srctrunkname],
        ['desttrunkname', report.dsttrunkname],
        ['pincode', report.pincode],
      ];
      const last: [string, string | undefined][] = [
        ['recording', report.recording],
        ['didnumber', report.didnumber],
        ['agentringtime', report.agentringtime],
      ];
      return [
        ['action', 'NewCdr'],
        ['callid', report.callid],
        ['timestart', report.timestart],
        ['callfrom', report.callfrom],
        ['callto', report.callto],
        ...given(present),
        // Spelt as the PBX spells it.
        ['callduraction', report.callduration],
        ['talkduraction', report.talkduration],
        ['status', report.status],
        ['type', report.type],
        ...given(last),
      ];
    }
    default:
      return plainPairs(report, 'action');
  }
}

/** Ours, where the documents of v2 only say that there is such an event: the members of the older shape. */
function eventPairs(report: Rendered): Pairs | undefined {
  switch (report.report) {
    case 'RING':
    case 'ALERT':
    case 'ANSWER':
    case 'ANSWERED':
    case 'HOLD':
    case 'BYE':
      return [
        ['event', 'CallStatus'],
        ['callid', report.callid],
        ['members', report.members.map((member, at) => eventMember(member, statusOf(report, at)))],
      ];
    // A CallStatus with the new members says it.
    case 'Transfer':
      return undefined;
    case 'CallFailed':
      return [
        ['event', 'CallFailed'],
        ['reason', report.reason],
        ['callid', report.callid],
        ['members', report.members.map((member) => eventMember(member))],
      ];
    case 'Invite':
    case 'Incoming':
      return [
        ['event', report.report],
        ['callid', report.callid],
        ['members', report.members.map((member) => eventMember(member))],
      ];
    case 'DTMF':
      return [
        ['event', 'DTMF'],
        ['callid', report.callid],
        ['members', report.members.map((member) => eventMember(member))],
        ['info', report.info],
        ...keyIndex(report),
      ];
    case 'PlayPromptEnd':
      return [
        ['event', 'PlayPromptEnd'],
        ['callid', report.callid],
        ['ext', { pairs: [['number', report.extension]] }],
        ['prompt', report.prompt],
      ];
    case 'NewCdr':
      return [
        ['event', 'NewCdr'],
        ['callid', report.callid],
        ['timestart', report.timestart],
        ['callfrom', report.callfrom],
        ['callto', report.callto],
        ['callduraction', report.callduration],
        ['talkduraction', report.talkduration],
        ['srctrunkname', report.srctrunkname ?? ''],
        // Spelt as the PBX spells it.
        ['dsttrcunkname', report.dsttrunkname ?? ''],
        ['pincode', report.pincode ?? ''],
        ['status', report.status],
        ['type', report.type],
        ['recording', report.recording ?? ''],
        ['didnumber', report.didnumber ?? ''],
        ['agentringtime', report.agentringtime ?? '0'],
      ];
    default:
      return plainPairs(report, 'event');
  }
}

type Plain = Extract<
  Rendered,
  {
    report: 'BootUp' | 'ConfigChange' | 'ExtensionStatus' | 'TrunkStatus' | 'Satisfaction' | 'SmsSend';
  }
>;

/** Reports that every shape writes alike, but for the name of their first member. */
function plainPairs(report: Plain, key: 'action' | 'event'): Pairs {
  switch (report.report) {
    case 'BootUp':
      return [[key, 'BootUp']];
    case 'ConfigChange':
      return [
        [key, 'ConfigChange'],
        ['type', report.type],
        [report.type === 'trunk' ? 'trunkname' : 'extid', report.name],
        ['operation', report.operation],
      ];
    case 'ExtensionStatus':
      return [
        [key, 'ExtensionStatus'],
        ['extension', report.extension],
        ['status', report.status],
      ];
    // Ours: the documents promise it and show none.
    case 'TrunkStatus':
      return [
        [key, 'TrunkStatus'],
        ['trunkname', report.trunkname],
        ['status', report.status],
      ];
    case 'Satisfaction':
      return [
        [key, 'satisfaction'],
        ['surveyresult', report.surveyresult],
        ['callid', report.callid],
      ];
    case 'SmsSend':
      return [
        [key, 'sms-send'],
        ['status', report.status],
        ['smsid', report.smsid],
      ];
  }
}

type CallStep = Extract<Rendered, { report: 'RING' | 'ALERT' | 'ANSWER' | 'ANSWERED' | 'HOLD' | 'BYE' }>;

/** RING and ANSWER are about the callee, ALERT and ANSWERED about the caller, BYE about whoever hung up. */
function inOrder(report: CallStep): readonly Member[] {
  const isCalleeFirst =
    report.report === 'RING' ||
    report.report === 'ANSWER' ||
    (report.report === 'BYE' && report.hungUpBy === 'callee');
  return isCalleeFirst ? report.members.toReversed() : report.members;
}

/** The members of a call outside the event shape. */
function parties(members: readonly Member[], shape: Exclude<Shape, 'event'>): Pairs {
  if (shape === 'callList') {
    return [['call', members.map((member) => ({ pairs: [party(member)] }))]];
  }
  if (shape === 'legacy') return members.map(party);
  const numbers = members.flatMap((member) => (member.type === 'ext' ? [member.number] : []));
  const trunks = members.filter(({ type }) => type !== 'ext').map(party);
  const extid = numbers.length === 1 ? (numbers[0] ?? '') : numbers;
  return numbers.length === 0 ? trunks : [['ext', { pairs: [['extid', extid]] }], ...trunks];
}

function party(member: Member): readonly [string, Value] {
  if (member.type === 'ext') return ['ext', { pairs: [['extid', member.number]] }];
  return [
    member.type,
    {
      pairs: [
        ['from', member.from],
        ['to', member.to],
        ['trunk', member.trunk],
        [`${member.type}id`, member.id ?? ''],
      ],
    },
  ];
}

function eventMember(member: Member, status?: string): { readonly pairs: Pairs } {
  const memberstatus = member.memberstatus ?? status;
  const channel: Pairs = [['channelid', member.channelid ?? ''], ...given([['memberstatus', memberstatus]])];
  if (member.type === 'ext') return { pairs: [['ext', { pairs: [['number', member.number], ...channel] }]] };
  const pairs: Pairs = [
    ['from', member.from],
    ['to', member.to],
    ['trunkname', member.trunk],
    ...channel,
    ...given([['callpath', member.callpath]]),
  ];
  return { pairs: [[member.type, { pairs }]] };
}

/** One event holds what two older reports say: who rings and who hears it, who answers and who is answered. */
function statusOf({ report, members }: CallStep, at: number): string {
  if (members.length < 2) return report;
  if (report === 'RING' || report === 'ALERT') return at === 0 ? 'ALERT' : 'RING';
  if (report === 'ANSWER' || report === 'ANSWERED') return at === 0 ? 'ANSWERED' : 'ANSWER';
  return report;
}

/** Which of the keys pressed so far it is, and all of them. */
function keyIndex({ info, infos }: Extract<Rendered, { report: 'DTMF' }>): Pairs {
  const all = infos ?? info;
  return [
    ['flag', String(Math.max(0, all.length - 1))],
    ['infos', all],
  ];
}

function given(pairs: readonly (readonly [string, string | undefined])[]): [string, string][] {
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]));
}
