/** Beats as `lua/beat/beat.lua` takes and replies to them: in runs that differ in names, data and guards only. */
import { StoreUnavailable, TenantFull, TooManyGroups } from '../../driver.ts';
import type { Beat, BeatGroup, BeatLease, BeatResult, Guard } from '../../leases.ts';
import { defaultTtlMs } from '../../limits.ts';
import type { ScriptArgument } from '../scripts.ts';
import type { Codec } from './codec.ts';
import { type TextReader, textReader, utf8 } from './text-reader.ts';

interface SharedByRun {
  readonly guards: readonly Guard[];
  readonly atEnd: readonly string[];
}

/**
 * Returns what the beats of a run have in common, but its guards and groups: `<ttl or nothing>,<default ttl>,<grant 1 or 0>,<fields to
 * return>,<number of guards>,<number of arguments at the end>,<per group 1 with data or 0; * for all held>`
 */
function formOf(
  { groups, ttlMs, defaultTtlMs: fallbackMs, grant, returning = 'all' }: Beat,
  { guards, atEnd }: SharedByRun,
): string {
  let withData = '*';
  if (groups !== undefined) {
    withData = '';
    for (const { data } of groups) withData += data === undefined ? '0' : '1';
  }
  const ttls = `${ttlMs ?? ''},${fallbackMs ?? defaultTtlMs}`;
  return `${ttls},${grant ? 1 : 0},${returning},${guards.length},${atEnd.length},${withData}`;
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

/** The guards of a run, each once, those on one collection together. */
interface RunGuards {
  readonly guards: readonly Guard[];
  /** Which beat has which, as the script takes it: nothing if each has all. */
  readonly ofBeats: string;
}

const noGuards: RunGuards = { guards: [], ofBeats: '' };

function guardsOf(run: readonly Beat[]): RunGuards {
  const first = run[0]?.guards;
  if (run.every(({ guards }) => guards === first))
    return first === undefined ? noGuards : { guards: first, ofBeats: '' };
  // Beats on one group share their list of guards.
  const lists = new Set(run.map(({ guards = [] }) => guards));
  const byKey = new Map<string, Guard>();
  for (const guards of lists) for (const guard of guards) byKey.set(keyOf(guard), guard);
  const distinct = [...byKey].sort(([, a], [, b]) => compare(a.collection, b.collection));
  const numbers = new Map(distinct.map(([key], at) => [key, at + 1]));
  const texts = new Map(
    [...lists].map((guards) => [
      guards,
      `${guards.map((guard) => `${numbers.get(keyOf(guard))},`).join('')};`,
    ]),
  );
  return {
    guards: distinct.map(([, guard]) => guard),
    ofBeats: run.map(({ guards }) => (guards === undefined ? ';' : texts.get(guards))).join(''),
  };
}

const keyOf = ({ collection, key, version }: Guard): string => `${collection}\0${version}\0${key}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns the groups of a run whose revisions are returned, each once. */
function revisedGroups(run: readonly Beat[]): readonly string[] {
  if (run[0]?.returning !== 'revision' || run[0].groups === undefined) return [];
  const distinct = new Set<string>();
  for (const { groups = [] } of run) for (const { group } of groups) distinct.add(group);
  return [...distinct];
}

/** Returns the names of leases as `lua/membership/leases.lua` stores them. */
function namesOf(groups: readonly BeatGroup[]): string {
  let names = '';
  for (const { group } of groups) names += `${Buffer.byteLength(group)}:${group}`;
  return names;
}

/** Returns the known versions of single leases, as records have them; nothing if they are not known. */
function knownVersions(run: readonly Beat[]): readonly string[] {
  let versions = '';
  for (const { groups = [] } of run) {
    const version = groups[0]?.knownVersion;
    if (version === undefined || groups.length > 1) return [];
    versions += String.fromCharCode(version >> 8, version & 0xff);
  }
  return [versions];
}

function encodeRun(run: readonly Beat[], first: Beat, to: ScriptArgument[]): void {
  const { guards, ofBeats } = guardsOf(run);
  const atEnd = first.returning === 'data' ? knownVersions(run) : revisedGroups(run);
  to.push(first.tenant, formOf(first, { guards, atEnd }), run.length, ofBeats);
  for (const { collection, key, version } of guards) to.push(collection, key, version);
  for (const { holder } of run) to.push(holder);
  if (first.groups === undefined) return;
  for (const { groups = [] } of run) to.push(namesOf(groups));
  if (first.groups.some(({ data }) => data !== undefined)) {
    for (const { groups = [] } of run) {
      for (const { data } of groups) if (data !== undefined) to.push(data);
    }
  }
  for (const argument of atEnd) to.push(argument);
}

const memoryFull = 'redis has no free memory for new leases';

const states = { g: 'granted', r: 'renewed', a: 'absent', f: 'absent', m: 'absent', q: 'absent' } as const;

const letterOfStale = 's';
const letterOfRefusal = 'f';
const letterOfTooMany = 'm';
const letterOfTenantFull = 'q';

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
    if (letter === letterOfTenantFull) error = new TenantFull(tenant);
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
function readRenewals(run: readonly Beat[], read: TextReader): BeatResult[] {
  const revisions = new Map(revisedGroups(run).map((group) => [group, Number(read.until())]));
  return run.map(({ groups = [], returning }) => ({
    stale: false,
    leases: groups.map(({ group, knownVersion }) => ({
      ...(returning === 'data' ? { version: knownVersion ?? 0 } : {}),
      group,
      state: 'renewed',
      epoch: 0,
      revision: revisions.get(group) ?? 0,
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
      else for (const beat of run) results.push(readResult(read, beat));
    }
    return results;
  },
};
