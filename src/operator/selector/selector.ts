/** The one way to name requests, events and leases in the operator API. Pure. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** Matches exactly; `*` stands for any number of characters. */
const Pattern = (description: string) => Type.Optional(Type.String({ description, maxLength: 1_024 }));

/** Condition on a member of a decoded body. */
const BodyCondition = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
  Type.Object({ matches: Type.String({ maxLength: 1_024 }) }, { additionalProperties: false }),
  Type.Object({ absent: Type.Literal(true) }, { additionalProperties: false }),
]);

const fields = {
  protocol: Pattern('sls, pbx or presence'),
  tenant: Pattern('tenant, such as sls/<project>'),
  group: Pattern('group: logstore and consumer group, API user, or channel'),
  holder: Pattern('holder: consumer, token, or uuid'),
  operation: Pattern("the vendor's name of the call"),
  type: Pattern('type of an event, such as lease.expired'),
};

/** Selects requests: every member that is present must match. */
export const Selector = Type.Object(
  {
    ...fields,
    status: Type.Optional(Type.Integer({ minimum: 0, maximum: 599, description: 'status of the reply' })),
    direction: Type.Optional(Type.Union([Type.Literal('in'), Type.Literal('out')])),
    answered: Type.Optional(Type.Boolean({ description: 'whether a reply was sent' })),
    body: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), BodyCondition, {
        description:
          'conditions by path into the request body, of events into the event, such as "shard" or "a.b.0"',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Selector = Static<typeof Selector>;

/** The same members as query parameters; `body` is JSON text. */
export const selectorQuery = { ...Selector.properties, body: Type.Optional(Type.String()) } satisfies Record<
  string,
  TSchema
>;

/** What a selector is compared with: a request or an event. */
export interface Selectable {
  readonly protocol?: string | undefined;
  readonly tenant?: string | undefined;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
  readonly operation?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: number | undefined;
  readonly direction?: 'in' | 'out' | undefined;
  readonly answered?: boolean | undefined;
  /** The decoded request body; called only if the selector asks for it. */
  body?(): unknown;
}

const texts = ['protocol', 'tenant', 'group', 'holder', 'operation', 'type'] as const;
const values = ['status', 'direction', 'answered'] as const;

/** Returns whether something matches every member of a selector. */
export function isSelected(candidate: Selectable, selector: Selector): boolean {
  for (const name of texts) {
    const pattern = selector[name];
    if (pattern !== undefined && !matchesPattern(candidate[name] ?? '', pattern)) return false;
  }
  for (const name of values) {
    if (selector[name] !== undefined && selector[name] !== candidate[name]) return false;
  }
  if (selector.body === undefined) return true;
  const body = candidate.body?.();
  return Object.entries(selector.body).every(([path, condition]) =>
    meetsCondition(memberAt(body, path), condition),
  );
}

/** Returns the differences between something and a selector, for messages: what was expected and what is there. */
export function differences(
  candidate: Selectable,
  selector: Selector,
): { readonly path: string; readonly expected: unknown; readonly actual: unknown }[] {
  const found: { path: string; expected: unknown; actual: unknown }[] = [];
  for (const name of [...texts, ...values]) {
    const expected = selector[name];
    if (expected !== undefined && !isSelected(candidate, { [name]: expected }))
      found.push({ path: name, expected, actual: candidate[name] ?? null });
  }
  const body = selector.body === undefined ? undefined : candidate.body?.();
  for (const [path, expected] of Object.entries(selector.body ?? {})) {
    const actual = memberAt(body, path);
    if (!meetsCondition(actual, expected))
      found.push({ path: `body.${path}`, expected, actual: actual ?? null });
  }
  return found;
}

type Condition = Static<typeof BodyCondition>;

function meetsCondition(value: unknown, condition: Condition): boolean {
  if (typeof condition === 'object' && condition !== null) {
    if ('absent' in condition) return value === undefined;
    return value !== undefined && matchesPattern(textOf(value), condition.matches);
  }
  // Forms and queries carry text where JSON carries numbers.
  return (
    value === condition || (value !== undefined && condition !== null && textOf(value) === String(condition))
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The member at a path of names and indexes with dots between them; undefined if there is none. */
function memberAt(value: unknown, path: string): unknown {
  let current = value;
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[name];
  }
  return current;
}

/** Compares text with a pattern in linear time: the parts between `*` must occur in their order. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (!pattern.includes('*')) return text === pattern;
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
