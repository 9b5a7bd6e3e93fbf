/** Refuses selectors that can match nothing: a name in them is misspelt, or what they select has no such member. Pure. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { describeUnknown, nearestNames } from '../../settings/nearest.ts';
import { matchesPattern, type Selector } from './selector.ts';

/** The names that there are, of the protocols whose name matches a pattern. */
export interface KnownNames {
  /** Returns the names of operations. */
  operations(this: void, protocol: string): readonly string[];
  /** Returns the usual names of what the server sends. Others are possible: the body of a report may be any. */
  messages(this: void, protocol: string): readonly string[];
  /** Returns the types of events, those of every protocol included. */
  eventTypes(this: void, protocol: string): readonly string[];
}

export interface Selecting {
  /** Requests are also those that the server sends, unless they are `received`. */
  readonly of: 'requests' | 'received requests' | 'events' | 'leases';
  /** What the names of members begin with in an error message, such as `match.`. */
  readonly where: string;
}

/** Throws OperatorRefusal 400 for a selector that can match nothing. */
export type CheckSelector = (this: void, selector: Selector, selecting: Selecting) => void;

/** Names that are suggested if none is like the unknown one. */
const maxNearest = 3;

/** Members of a selector that no lease and no event has, with those to select by. */
const foreignMembers = {
  leases: {
    names: ['operation', 'type', 'status', 'direction', 'answered'],
    others: 'protocol, tenant, group, holder and body',
  },
  events: { names: ['direction', 'answered'], others: 'type, and by their members as body' },
} as const;

/** Throws OperatorRefusal 400 for a selector that can match nothing. A pattern has to match a name that there is. */
export function checkSelector(names: KnownNames, selector: Selector, { of, where }: Selecting): void {
  const { operation, type, direction } = selector;
  if (of === 'leases' || of === 'events') checkMembers(selector, { of, where });
  if (type !== undefined && of !== 'events')
    throw new OperatorRefusal(
      400,
      `${where}type: requests have none; assert on events with "of":"events", or read GET /_heartbeatd/events`,
    );
  const protocol = protocolIn(selector);
  if (type !== undefined && !isKnown(type, names.eventTypes(protocol)))
    throw new OperatorRefusal(400, `${where}type: ${describe(type, names.eventTypes, protocol)}`);
  if (operation === undefined || direction === 'out') return;
  const hasSent = direction === undefined && of !== 'received requests';
  const known = (pattern: string): readonly string[] => [
    ...names.operations(pattern),
    ...(hasSent ? names.messages(pattern) : []),
  ];
  if (isKnown(operation, known(protocol))) return;
  if (isKnown(operation, names.messages(protocol)))
    throw new OperatorRefusal(
      400,
      `${where}operation: ${JSON.stringify(operation)} is what the server sends; select it with "direction":"out"`,
    );
  const isSentPossible = direction === undefined && names.messages(protocol).length > 0;
  const way = of === 'events' ? `"body":{"operation":${JSON.stringify(operation)}}` : '"direction":"out"';
  const hint = isSentPossible ? ` (a report of any name is selected with ${way})` : '';
  throw new OperatorRefusal(400, `${where}operation: ${describe(operation, known, protocol)}${hint}`);
}

function checkMembers(selector: Selector, { of, where }: { of: 'leases' | 'events'; where: string }): void {
  const { names, others } = foreignMembers[of];
  const foreign = names.find((name) => selector[name] !== undefined);
  if (foreign !== undefined)
    throw new OperatorRefusal(400, `${where}${foreign}: ${of} have none; select them by ${others}`);
}

const isKnown = (name: string, known: readonly string[]): boolean =>
  /^\*+$/.test(name) || known.some((each) => matchesPattern(each, name));

/** Returns the protocol that a selector names, by itself or in a tenant: a pattern. */
function protocolIn({ protocol, tenant = '' }: Selector): string {
  const [space = '', ...rest] = tenant.split('/');
  return protocol ?? (rest.length > 0 && !space.includes('*') ? space : '*');
}

function describe(name: string, known: (protocol: string) => readonly string[], protocol: string): string {
  if (protocol !== '*' && isKnown(name, known('*'))) return `${protocol} has no ${JSON.stringify(name)}`;
  const names = [...new Set(known(protocol))];
  const nearest = nearestTo(name, names);
  return describeUnknown(name, names, nearest.length === 0 ? '' : `the nearest are ${nearest.join(', ')}`);
}

/** Returns the names that are most like a name, or whose beginnings are most like that of a pattern. */
function nearestTo(name: string, names: readonly string[]): readonly string[] {
  const [head = '', ...rest] = name.split('*');
  if (head === '' || rest.length === 0) return nearestNames(name, names, maxNearest);
  const byHead = new Map(names.map((each) => [each.slice(0, head.length), each]));
  return nearestNames(head, [...byHead.keys()], maxNearest).map((each) => byHead.get(each) ?? each);
}
