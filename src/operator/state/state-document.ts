/** Between the JSON of tenants' states and the dumps that the store takes. Pure. */
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { ValueErrorType } from '@sinclair/typebox/errors';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { describeUnknown } from '../../settings/nearest.ts';
import {
  checkDump,
  type DumpedEntry,
  type DumpedLease,
  DumpTooLarge,
  type Tenant,
  type TenantDump,
} from '../../store/store.ts';
import { durationMs } from '../duration.ts';
import { StateDocument, type TenantState } from './state-schema.ts';

/** TTL of a lease that names none, ms. */
const defaultTtlMs = 60_000;

/** Returns a tenant's state with its keys sorted. What has its default is left out. */
export function stateOf({ clock, timetoken, leases, revisions, documents, topics }: TenantDump): TenantState {
  const isOwn = clock.offsetMs !== 0 || clock.frozen;
  return {
    ...(isOwn ? { clock: { frozen: clock.frozen, offset: clock.offsetMs } } : {}),
    ...filled(
      'documents',
      nested(documents, ({ collection, key, value, version, remainingMs }) => [
        ...[collection, key],
        { ...remainingOf(remainingMs), ...jsonOrText(value), version },
      ]),
    ),
    ...filled(
      'leases',
      nested(leases, ({ group, holder, data, epoch, remainingMs, ttlMs }) => [
        ...[group, holder],
        { ...dataOf(data), epoch, remaining: remainingMs, ttl: ttlMs },
      ]),
    ),
    ...filled('revisions', sortedObject(revisions.map(({ group, revision }) => [group, revision]))),
    ...(timetoken === 0n ? {} : { timetoken: String(timetoken) }),
    ...filled(
      'topics',
      sortedObject(
        topics.map(({ topic, remainingMs, entries }) => [
          topic,
          {
            entries: entries.map(({ position, payload }) => ({
              position: String(position),
              ...contentOf(payload),
            })),
            ...remainingOf(remainingMs),
          },
        ]),
      ),
    ),
  };
}

/** Returns the dump that a tenant's state describes. Throws OperatorRefusal that names what is wrong. */
export function dumpOf(tenant: Tenant, state: TenantState): TenantDump {
  const { clock = {}, timetoken = '0', leases = {}, revisions = {}, documents = {}, topics = {} } = state;
  const path = (...names: readonly string[]): string => [tenant, ...names].join(' / ');
  const dump: TenantDump = {
    clock: { offsetMs: clock.offset ?? 0, frozen: clock.frozen ?? false },
    timetoken: BigInt(timetoken),
    leases: each(leases, (group, holder, lease) => {
      const ttlMs = wholeMs(lease.ttl ?? defaultTtlMs);
      const remainingMs = lease.remaining === undefined ? ttlMs : wholeMs(lease.remaining);
      const at = (): string => path('leases', group, holder);
      const data = textOf({ value: lease.data, text: lease.dataText }, at);
      return { group, holder, ttlMs, remainingMs, epoch: lease.epoch ?? 0, data: data ?? null };
    }).sort(byEpoch),
    revisions: Object.entries(revisions).map(([group, revision]) => ({ group, revision })),
    documents: each(documents, (collection, key, { version = 0, remaining, value, text }) => {
      const at = (): string => path('documents', collection, key);
      return {
        ...{ collection, key, version, value: textOf({ value, text }, at) ?? missing(at()) },
        remainingMs: remaining === undefined ? null : wholeMs(remaining),
      };
    }),
    topics: Object.entries(topics).map(([topic, { remaining, entries }]) => ({
      topic,
      remainingMs: remaining === undefined ? null : wholeMs(remaining),
      entries: entries.map((entry, at): DumpedEntry => {
        const { position = '0', base64 } = entry;
        const where = (): string => path('topics', topic, `entry ${at}`);
        const written = textOf(entry, where);
        if (base64 !== undefined && written !== undefined)
          throw new OperatorRefusal(400, `${where()}: has two contents`);
        const payload =
          base64 === undefined ? Buffer.from(written ?? missing(where())) : Buffer.from(base64, 'base64');
        return { position: BigInt(position), payload };
      }),
    })),
  };
  try {
    checkDump(dump);
  } catch (error) {
    if (error instanceof RangeError || error instanceof DumpTooLarge)
      throw new OperatorRefusal(error instanceof RangeError ? 400 : 413, `${tenant}: ${error.message}`);
    throw error;
  }
  return dump;
}

const compiled = TypeCompiler.Compile(StateDocument);

/** Returns a value that is a state document. Throws OperatorRefusal that names the wrong member. */
export function parseState(value: unknown): StateDocument {
  if (compiled.Check(value)) return value;
  const first = compiled.Errors(value).First();
  const names = (first?.path ?? '')
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const unknown = first?.type === ValueErrorType.ObjectAdditionalProperties ? names.pop() : undefined;
  const known = Object.keys((first?.schema.properties ?? {}) as object);
  const reason = unknown === undefined ? (first?.message ?? 'is not valid') : describeUnknown(unknown, known);
  throw new OperatorRefusal(400, `${names.join(' / ') || 'the state'}: ${reason}`);
}

/** Throws OperatorRefusal for a tenant of no protocol. */
export function checkTenantName(tenant: Tenant, protocols: readonly string[]): void {
  const [space = '', ...rest] = tenant.split('/');
  if (!protocols.includes(space))
    throw new OperatorRefusal(400, `tenant ${tenant}: ${describeUnknown(space, protocols)}`);
  if (rest.join('/') === '') throw new OperatorRefusal(400, `tenant ${tenant}: has no name after ${space}/`);
}

const byEpoch = (a: DumpedLease, b: DumpedLease): number =>
  (a.epoch || Number.POSITIVE_INFINITY) - (b.epoch || Number.POSITIVE_INFINITY) || 0;

const wholeMs = (duration: number | string): number => Math.round(durationMs(duration));

function missing(where: string): never {
  throw new OperatorRefusal(400, `${where}: has neither a value nor text`);
}

interface Content {
  readonly value?: unknown;
  readonly text?: string;
}

/** Text that is the compact form of JSON, as programs write it, is shown as JSON: read back, it is the same text. */
function jsonOrText(text: string): Content {
  try {
    const value: unknown = JSON.parse(text);
    // Null would be taken for nothing.
    if (value !== null && JSON.stringify(value) === text) return { value };
  } catch {}
  return { text };
}

function dataOf(data: string | null): { readonly data?: unknown; readonly dataText?: string } {
  if (data === null) return {};
  const { value, text } = jsonOrText(data);
  return text === undefined ? { data: value } : { dataText: text };
}

function contentOf(payload: Uint8Array): Content & { readonly base64?: string } {
  const bytes = Buffer.from(payload);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? jsonOrText(text) : { base64: bytes.toString('base64') };
}

/** `where` is called only for the message: most contents are right. */
function textOf(
  { value, text }: { readonly value?: unknown; readonly text?: string | undefined },
  where: () => string,
): string | undefined {
  if (value === undefined) return text;
  if (text !== undefined) throw new OperatorRefusal(400, `${where()}: has two contents`);
  return JSON.stringify(value);
}

const remainingOf = (remainingMs: number | null): { readonly remaining?: number } =>
  remainingMs === null ? {} : { remaining: remainingMs };

function each<V, R>(
  outer: Readonly<Record<string, Readonly<Record<string, V>>>>,
  map: (first: string, second: string, value: V) => R,
): R[] {
  return Object.entries(outer).flatMap(([first, inner]) =>
    Object.entries(inner).map(([second, value]) => map(first, second, value)),
  );
}

/** Two levels of names, each sorted. */
function nested<T, V>(
  items: readonly T[],
  place: (item: T) => readonly [...string[], V],
): Readonly<Record<string, Readonly<Record<string, V>>>> {
  const groups = new Map<string, [string, V][]>();
  for (const item of items) {
    const [first, second, value] = place(item) as unknown as [string, string, V];
    const list = groups.get(first);
    if (list === undefined) groups.set(first, [[second, value]]);
    else list.push([second, value]);
  }
  return sortedObject([...groups].map(([name, list]) => [name, sortedObject(list)]));
}

/** Also takes names such as `__proto__`. */
function sortedObject<V>(entries: readonly (readonly [string, V])[]): Record<string, V> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function filled<K extends string, V extends object>(name: K, value: V): { readonly [N in K]?: V } {
  return Object.keys(value).length === 0 ? {} : ({ [name]: value } as { readonly [N in K]: V });
}
