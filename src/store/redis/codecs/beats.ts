/** Beats as `lua/beat/beat.lua` takes and replies to them: in runs that differ in names and data only. */
import { StoreUnavailable, TenantFull, TooManyGroups } from '../../driver.ts';
import type { Beat, BeatGroup, BeatLease, BeatResult } from '../../leases.ts';
import { defaultTtlMs } from '../../limits.ts';
import type { ScriptArgument } from '../scripts.ts';
import type { Codec } from './codec.ts';
import { type TextReader, textReader, utf8 } from './text-reader.ts';

/**
 * Returns all of a beat but names and data:
 * `<ttl or nothing>,<default ttl>,<grant 1 or 0>,<fields to return>,<guards>,<per group 1 with data or 0; * for all held>`
 */
function formOf({ groups, ttlMs, defaultTtlMs: fallbackMs, grant, returning = 'all', guards }: Beat): string {
  let withData = '*';
  if (groups !== undefined) {
    withData = '';
    for (const { data } of groups) withData += data === undefined ? '0' : '1';
  }
  const ttls = `${ttlMs ?? ''},${fallbackMs ?? defaultTtlMs}`;
  return `${ttls},${grant ? 1 : 0},${returning},${guards?.length ?? 0},${withData}`;
}

/** Returns whether two beats have the same tenant, form and guards. */
function isSameForm(a: Beat, b: Beat): boolean {
  if (
    a.tenant !== b.tenant ||
    a.ttlMs !== b.ttlMs ||
    a.defaultTtlMs !== b.defaultTtlMs ||
    a.grant !== b.grant ||
    a.returning !== b.returning ||
    a.groups?.length !== b.groups?.length ||
    a.guards?.length !== b.guards?.length
  ) {
    return false;
  }
  for (let at = 0; at < (a.groups?.length ?? 0); at += 1) {
    if ((a.groups?.[at]?.data === undefined) !== (b.groups?.[at]?.data === undefined)) return false;
  }
  if (a.guards === b.guards) return true;
  for (let at = 0; at < (a.guards?.length ?? 0); at += 1) {
    const [guard, other] = [a.guards?.[at], b.guards?.[at]];
    if (
      guard?.key !== other?.key ||
      guard?.version !== other?.version ||
      guard?.collection !== other?.collection
    ) {
      return false;
    }
  }
  return true;
}

/** Returns the names of leases as `lua/membership/leases.lua` stores them. */
function namesOf(groups: readonly BeatGroup[]): string {
  let names = '';
  for (const { group } of groups) names += `${Buffer.byteLength(group)}:${group}`;
  return names;
}

function encodeRun(run: readonly Beat[], first: Beat, to: ScriptArgument[]): void {
  to.push(first.tenant, formOf(first), run.length);
  for (const { collection, key, version } of first.guards ?? []) to.push(collection, key, version);
  for (const { holder } of run) to.push(holder);
  if (first.groups === undefined) return;
  for (const { groups = [] } of run) to.push(namesOf(groups));
  if (first.groups?.some(({ data }) => data !== undefined) !== true) return;
  for (const { groups = [] } of run) {
    for (const { data } of groups) if (data !== undefined) to.push(data);
  }
}

const memoryFull = 'redis has no free memory for new leases';

const states = { g: 'granted', r: 'renewed', a: 'absent', f: 'absent', m: 'absent', q: 'absent' } as const;

const letterOfRefusal = 'f';
const letterOfTooMany = 'm';
const letterOfTenantFull = 'q';

const stale: BeatResult = { stale: true, leases: [] };

function readResult(read: TextReader, { tenant, holder, groups, returning }: Beat): BeatResult | Error {
  const count = groups?.length ?? Number(read.until());
  const leases: BeatLease[] = [];
  let error: Error | undefined;
  for (let at = 0; at < count; at += 1) {
    const letter = read.take(1);
    if (letter === letterOfRefusal) error = new StoreUnavailable(memoryFull);
    if (letter === letterOfTooMany) error = new TooManyGroups(holder);
    if (letter === letterOfTenantFull) error = new TenantFull(tenant);
    const state = states[letter as keyof typeof states];
    const group = groups === undefined ? utf8(read.counted()) : (groups[at]?.group ?? '');
    const revision = returning === 'state' ? 0 : Number(read.until());
    const isComplete = returning === undefined || returning === 'all';
    const epoch = isComplete || state === 'granted' ? Number(read.until()) : 0;
    const data = isComplete && read.take(1) === '+' ? utf8(read.counted()) : null;
    leases.push({ group, state, epoch, revision, data });
  }
  return error ?? { stale: false, leases };
}

/** Returns a function that returns the revision of one lease after another: consecutive leases of a group share one. */
function revisionReader(read: TextReader, returning: Beat['returning']): () => number {
  let left = returning === 'revision' ? 0 : Number.POSITIVE_INFINITY;
  let revision = 0;
  return () => {
    if (left === 0) {
      left = Number(read.until());
      revision = Number(read.until());
    }
    left -= 1;
    return revision;
  };
}

/** Returns the results of a run whose leases were all renewed. */
function readRenewals(run: readonly Beat[], read: TextReader): BeatResult[] {
  const nextRevision = revisionReader(read, run[0]?.returning);
  return run.map(({ groups = [] }) => ({
    stale: false,
    leases: groups.map(({ group }) => ({
      group,
      state: 'renewed',
      epoch: 0,
      revision: nextRevision(),
      data: null,
    })),
  }));
}

export const beats: Codec<'beat'> = {
  changesLeases: true,
  encode() {},
  encodeBatch(beats, to) {
    for (let from = 0; from < beats.length; ) {
      const first = beats[from];
      if (first === undefined) break;
      let end = from + 1;
      for (let next = beats[end]; next !== undefined && isSameForm(first, next); next = beats[end]) end += 1;
      encodeRun(from === 0 && end === beats.length ? beats : beats.slice(from, end), first, to);
      from = end;
    }
  },
  decode: () => stale,
  decodeBatch(reply, beats) {
    // One character per byte: lengths are in bytes.
    const read = textReader(reply.toString('latin1'));
    const results: (BeatResult | Error)[] = [];
    while (results.length < beats.length) {
      const run = beats.slice(results.length, results.length + Number(read.until()));
      const outcome = read.take(1);
      if (outcome === 'r') results.push(...readRenewals(run, read));
      else for (const beat of run) results.push(outcome === 's' ? stale : readResult(read, beat));
    }
    return results;
  },
};
