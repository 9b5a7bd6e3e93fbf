/** All that a tenant holds, as one value: what `dump` returns and `load` takes. Watches and notifications are no part of it. */
import type { Tenant } from './leases.ts';
import { lastDateMs, maxDumpBytes, maxDumpItems, maxGroupsPerHolder } from './limits.ts';

export interface TenantDump {
  /** By how much the tenant's clock is ahead of the partition's, ms, and whether it stands. */
  readonly clock: { readonly offsetMs: number; readonly frozen: boolean };
  /** No later timetoken of the tenant is less than this one or equal to it. 0: any may follow. */
  readonly timetoken: bigint;
  /** Live leases, oldest grant first. */
  readonly leases: readonly DumpedLease[];
  /** Revisions of the groups with live members. A group without one gets the epoch of its newest lease. */
  readonly revisions: readonly { readonly group: string; readonly revision: number }[];
  readonly documents: readonly DumpedDocument[];
  readonly topics: readonly DumpedTopic[];
}

export interface DumpedLease {
  readonly group: string;
  readonly holder: string;
  readonly ttlMs: number;
  readonly remainingMs: number;
  /** 0: a new one. */
  readonly epoch: number;
  readonly data: string | null;
}

export interface DumpedDocument {
  readonly collection: string;
  readonly key: string;
  /** 0: a new one. */
  readonly version: number;
  readonly value: string;
  /** Null: it has no deadline. */
  readonly remainingMs: number | null;
}

export interface DumpedTopic {
  readonly topic: string;
  /** Until it is removed because nothing was appended, ms; null: never. */
  readonly remainingMs: number | null;
  /** Oldest first. */
  readonly entries: readonly DumpedEntry[];
}

export interface DumpedEntry {
  /** 0: a fresh timetoken. */
  readonly position: bigint;
  readonly payload: Uint8Array;
}

/** Replaces all that a tenant holds; its watches stay. */
export interface Load {
  readonly tenant: Tenant;
  readonly dump: TenantDump;
}

/** The tenant holds, or is to hold, more than one dump may have. */
export class DumpTooLarge extends Error {
  override readonly name = 'DumpTooLarge';

  constructor() {
    super(
      `the state of a tenant has at most ${maxDumpItems} leases, documents and entries, and ${maxDumpBytes} bytes`,
    );
  }
}

/** Returns a function that counts an item of some bytes. It throws DumpTooLarge. */
export function makeDumpMeter(): (bytes: number) => void {
  let items = 0;
  let total = 0;
  return (bytes) => {
    items += 1;
    total += bytes;
    if (items > maxDumpItems || total > maxDumpBytes) throw new DumpTooLarge();
  };
}

/**
 * Returns the newest position that may be a timetoken: none that was assigned is after `reached`. Dense positions below it are taken for
 * timetokens, which does no harm.
 */
export function newestTimetoken(topics: readonly DumpedTopic[], reached: bigint): bigint {
  let newest = 0n;
  for (const { entries } of topics) {
    for (const { position } of entries) if (position > newest && position <= reached) newest = position;
  }
  return newest;
}

const maxPosition = (1n << 64n) - 1n;

/** Throws RangeError that names what of a dump cannot be loaded, or DumpTooLarge. */
export function checkDump({ clock, timetoken, leases, revisions, documents, topics }: TenantDump): void {
  const count = makeDumpMeter();
  for (const { group, holder, data } of leases) count(group.length + holder.length + (data?.length ?? 0));
  for (const { value } of documents) count(value.length);
  for (const { entries } of topics) for (const { payload } of entries) count(payload.length);
  requireWhole(clock.offsetMs, Number.MIN_SAFE_INTEGER, 'offset', () => 'clock');
  if (timetoken < 0n || timetoken > BigInt(lastDateMs) * 10_000n)
    throw new RangeError(`timetoken ${timetoken}: is beyond the last date`);
  requireUnique(
    'lease',
    leases.map(({ group, holder }) => [group, holder]),
  );
  requireFewGroups(leases);
  for (const { group, holder, ttlMs, remainingMs, epoch } of leases) {
    const name = (): string => `lease of ${JSON.stringify(holder)} in ${JSON.stringify(group)}`;
    requireMs(ttlMs, 'ttl', name);
    requireMs(remainingMs, 'remaining', name);
    requireWhole(epoch, 0, 'epoch', name);
  }
  for (const { group, revision } of revisions)
    requireWhole(revision, 1, 'revision', () => `group ${JSON.stringify(group)}`);
  requireUnique(
    'document',
    documents.map(({ collection, key }) => [collection, key]),
  );
  for (const { collection, key, version, remainingMs } of documents) {
    const name = (): string => `document ${JSON.stringify(key)} in ${JSON.stringify(collection)}`;
    requireWhole(version, 0, 'version', name);
    if (remainingMs !== null) requireMs(remainingMs, 'remaining', name);
  }
  requireUnique(
    'topic',
    topics.map(({ topic }) => ['', topic]),
  );
  for (const topic of topics) checkTopic(topic);
}

function requireFewGroups(leases: readonly DumpedLease[]): void {
  const groups = new Map<string, number>();
  for (const { holder } of leases) {
    const many = (groups.get(holder) ?? 0) + 1;
    if (many > maxGroupsPerHolder)
      throw new RangeError(`holder ${JSON.stringify(holder)}: is in more than ${maxGroupsPerHolder} groups`);
    groups.set(holder, many);
  }
}

function checkTopic({ topic, remainingMs, entries }: DumpedTopic): void {
  const name = (): string => `topic ${JSON.stringify(topic)}`;
  if (remainingMs !== null) requireMs(remainingMs, 'remaining', name);
  if (entries.length === 0) throw new RangeError(`${name()}: has no entries`);
  if (entries.every(({ position }) => position === 0n)) return;
  let newest = 0n;
  for (const { position } of entries) {
    if (position <= newest || position > maxPosition)
      throw new RangeError(`${name()}: positions must rise, from 1 to ${maxPosition}, or all be left out`);
    newest = position;
  }
}

/** `name` is called only for the message: most values are right. */
function requireWhole(value: number, min: number, what: string, name: () => string): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new RangeError(`${name()}: ${what}: must be a whole number from ${min} on, not ${value}`);
}

function requireMs(value: number, what: string, name: () => string): void {
  requireWhole(value, 1, what, name);
  if (value > lastDateMs) throw new RangeError(`${name()}: ${what}: is more than ${lastDateMs} ms`);
}

function requireUnique(kind: string, names: readonly (readonly [first: string, second: string])[]): void {
  const seen = new Map<string, Set<string>>();
  for (const [first, second] of names) {
    const seconds = seen.get(first) ?? new Set();
    if (seconds.has(second))
      throw new RangeError(`${kind} ${JSON.stringify([first, second])}: is there twice`);
    seen.set(first, seconds.add(second));
  }
}
