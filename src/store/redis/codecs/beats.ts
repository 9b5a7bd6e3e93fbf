/** Beats as `lua/beat/beat.lua` takes and replies to them: in runs that differ in names, data and guards only. */
import { StoreUnavailable, TooManyGroups } from '../../driver.ts';
import type { Beat, BeatGroup, BeatLease, BeatResult } from '../../leases.ts';
import { defaultTtlMs } from '../../limits.ts';
import type { ScriptArgument } from '../scripts.ts';
import { type Codec, tenantRefusal } from './codec.ts';
import { makeKnownGuards, type RunGuards } from './known-guards.ts';
import { makeKnownRevisions, type RunRevisions } from './known-revisions.ts';
import { type TextReader, textReader, utf8 } from './text-reader.ts';

/** What the beats of a run have in common, apart from names, data and guards. */
interface Run {
  readonly beats: readonly Beat[];
  readonly first: Beat;
  readonly guards: RunGuards;
  /** Absent: revisions are not returned. */
  readonly revisions: RunRevisions | undefined;
  /** The versions of the data of all leases are known. */
  readonly isKnown: boolean;
}

/**
 * Returns the form of a run: `<ttl or nothing>,<default ttl>,<grant 1 or 0>,<fields to return>,<number of collections with guards>,<per
 * group 1 with data or 0; * for all held>`
 */
function formOf({ first, guards, isKnown }: Run): string {
  const { groups, ttlMs, defaultTtlMs: fallbackMs, grant, returning = 'all' } = first;
  let withData = '*';
  if (groups !== undefined) {
    withData = '';
    for (const { data } of groups) withData += data === undefined ? '0' : '1';
  }
  const ttls = `${ttlMs ?? ''},${fallbackMs ?? defaultTtlMs}`;
  return `${ttls},${grant ? 1 : 0},${isKnown ? 'known' : returning},${guards.collections},${withData}`;
}

/** Returns whether two beats have the same tenant and form. */
function isSameForm(a: Beat, b: Beat): boolean {
  if (
    a.tenant !== b.tenant ||
    a.ttlMs !== b.ttlMs ||
    a.defaultTtlMs !== b.defaultTtlMs ||
    a.grant !== b.grant ||
    a.returning !== b.returning ||
    a.groups?.length !== b.groups?.length
  ) {
    return false;
  }
  for (let at = 0; at < (a.groups?.length ?? 0); at += 1) {
    const [one, other] = [a.groups?.[at], b.groups?.[at]];
    if ((one?.data === undefined) !== (other?.data === undefined)) return false;
    if ((one?.knownVersion === undefined) !== (other?.knownVersion === undefined)) return false;
  }
  return true;
}

/** Returns a group, or the names of several as `lua/membership/layout.lua` stores them. */
function namesOf(groups: readonly BeatGroup[]): string {
  const [first] = groups;
  if (first !== undefined && groups.length === 1) return first.group;
  let names = '';
  for (const { group } of groups) names += `${Buffer.byteLength(group)}:${group}`;
  return names;
}

/** Returns whether a beat is on a single lease of which it knows the version of the data. */
function knowsData({ returning, groups }: Beat): boolean {
  return returning === 'data' && groups?.length === 1 && groups[0]?.knownVersion !== undefined;
}

/** Returns a version in two characters, as records have it. */
const packedVersion = (version = 0): string => String.fromCharCode(version >> 8, version & 0xff);

function encodeRun(run: Run, to: ScriptArgument[]): void {
  const { beats, first, guards, revisions, isKnown } = run;
  to.push(first.tenant, formOf(run), beats.length);
  if (revisions !== undefined) to.push(revisions.last);
  if (guards.collections > 0) guards.encode(to);
  for (const { holder } of beats) to.push(holder);
  if (first.groups === undefined) return;
  for (const { groups = [] } of beats) {
    const names = namesOf(groups);
    to.push(isKnown ? packedVersion(groups[0]?.knownVersion) + names : names);
  }
  if (first.groups.some(({ data }) => data !== undefined)) {
    for (const { groups = [] } of beats) {
      for (const { data } of groups) if (data !== undefined) to.push(data);
    }
  }
}

const memoryFull = 'redis has no free memory for new leases';

const states = {
  g: 'granted',
  r: 'renewed',
  a: 'absent',
  f: 'absent',
  m: 'absent',
  b: 'absent',
  t: 'absent',
} as const;

const letterOfStale = 's';
const letterOfRefusal = 'f';
const letterOfTooMany = 'm';

const stale: BeatResult = { stale: true, leases: [] };

function readResult(read: TextReader, { tenant, holder, groups, returning }: Beat): BeatResult | Error {
  if (read.next() === letterOfStale) {
    read.take(1);
    return stale;
  }
  const count = groups?.length ?? Number(read.until());
  const leases: BeatLease[] = [];
  let error: Error | undefined;
  for (let at = 0; at < count; at += 1) {
    const letter = read.take(1);
    if (letter === letterOfRefusal) error = new StoreUnavailable(memoryFull);
    if (letter === letterOfTooMany) error = new TooManyGroups(holder);
    error = tenantRefusal(letter, tenant) ?? error;
    const state = states[letter as keyof typeof states];
    const group = groups === undefined ? utf8(read.counted()) : (groups[at]?.group ?? '');
    const isComplete = returning === undefined || returning === 'all' || returning === 'data';
    const revision = returning === 'state' || returning === 'data' ? 0 : Number(read.until());
    const epoch = isComplete || state === 'granted' ? Number(read.until()) : 0;
    const hasData = isComplete && read.take(1) === '+';
    const version = returning === 'data' ? { version: hasData ? Number(read.until()) : 0 } : {};
    const data = hasData ? utf8(read.counted()) : null;
    leases.push({ group, state, epoch, revision, data, ...version });
  }
  return error ?? { stale: false, leases };
}

/** Returns the results of a run whose leases were all renewed. */
function readRenewals({ beats, revisions: ofRun, isKnown }: Run, read: TextReader): BeatResult[] {
  const revisions = ofRun?.read(read);
  return beats.map(({ groups = [] }) => ({
    stale: false,
    leases: groups.map(({ group, knownVersion }) => ({
      ...(isKnown ? { version: knownVersion ?? 0 } : {}),
      group,
      state: 'renewed',
      epoch: 0,
      revision: revisions?.get(group) ?? 0,
      data: null,
    })),
  }));
}

/** Returns the codec of one driver: it remembers what the script need not read again. */
export function makeBeats(): Codec<'beat'> {
  const guardsOf = makeKnownGuards();
  const revisionsOf = makeKnownRevisions();
  const runOf = (first: Beat, beats: readonly Beat[]): Run => ({
    ...{ beats, first, guards: guardsOf(beats), isKnown: knowsData(first) },
    revisions: first.returning === 'revision' ? revisionsOf(first.tenant, beats) : undefined,
  });
  return {
    changesLeases: true,
    encode() {},
    encodeBatch(batch, to) {
      const runs: Run[] = [];
      const order = orderByTenant(batch);
      const beats = order?.map((at) => batch[at] as Beat) ?? batch;
      for (let from = 0; from < beats.length; ) {
        const first = beats[from];
        if (first === undefined) break;
        let end = from + 1;
        for (let next = beats[end]; next !== undefined && isSameForm(first, next); next = beats[end])
          end += 1;
        const run = runOf(first, from === 0 && end === beats.length ? beats : beats.slice(from, end));
        encodeRun(run, to);
        runs.push(run);
        from = end;
      }
      return (reply) => {
        const results = readRuns(runs, reply);
        if (order === undefined) return results;
        const inOrder: (BeatResult | Error)[] = new Array(results.length);
        for (const [index, at] of order.entries()) inOrder[at] = results[index] as BeatResult | Error;
        return inOrder;
      };
    },
    decode: () => stale,
  };
}

/** Returns the places of beats such that those of a tenant follow each other, in their order; undefined if they do already. */
function orderByTenant(beats: readonly Beat[]): readonly number[] | undefined {
  const tenant = beats[0]?.tenant;
  if (beats.every((beat) => beat.tenant === tenant)) return undefined;
  return [...Map.groupBy(beats.keys(), (at) => beats[at]?.tenant).values()].flat();
}

function readRuns(runs: readonly Run[], reply: Buffer): (BeatResult | Error)[] {
  // One character per byte: lengths are in bytes.
  const read = textReader(reply.toString('latin1'));
  return runs.flatMap((run) => {
    // How many beats the run has.
    read.until();
    if (run.guards.collections > 0) run.guards.read(read);
    if (read.take(1) === 'r') return readRenewals(run, read);
    return run.beats.map((beat) => readResult(read, beat));
  });
}
