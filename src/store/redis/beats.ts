/** Beats as `lua/beat.lua` takes and answers them: in runs that differ in names and data only. */
import type { Ask, BeatAnswer, BeatLease } from '../store.ts';
import type { Codec } from './commands.ts';
import type { ScriptArgument } from './scripts.ts';

type Beat = Ask<'beat'>;

const defaultTtlMs = 60_000;

/**
 * Everything of a beat but names and data:
 * `<ttl or nothing>,<default ttl>,<grant 1 or 0>,<what to tell>,<guards>,<1 with data or 0 per group; * for all that are held>`
 */
function formOf({ groups, ttlMs, defaultTtlMs: fallbackMs, grant, tell = 'all', guards }: Beat): string {
  let withData = '*';
  if (groups !== undefined) {
    withData = '';
    for (const { data } of groups) withData += data === undefined ? '0' : '1';
  }
  const ttls = `${ttlMs ?? ''},${fallbackMs ?? defaultTtlMs}`;
  return `${ttls},${grant ? 1 : 0},${tell},${guards?.length ?? 0},${withData}`;
}

/** Whether two beats have the same tenant, form and guards. */
function isSameForm(a: Beat, b: Beat): boolean {
  if (
    a.tenant !== b.tenant ||
    a.ttlMs !== b.ttlMs ||
    a.defaultTtlMs !== b.defaultTtlMs ||
    a.grant !== b.grant ||
    a.tell !== b.tell ||
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

/** The name of a lease within its tenant. */
function fieldOf(group: string, holder: string): string {
  return `${Buffer.byteLength(group)}:${group}${holder}`;
}

function encodeRun(run: readonly Beat[], first: Beat, to: ScriptArgument[]): void {
  to.push(first.tenant, formOf(first), run.length);
  for (const { collection, key, version } of first.guards ?? []) to.push(collection, key, version);
  for (const { holder, groups } of run) {
    if (groups === undefined) to.push(holder);
    else for (const { group } of groups) to.push(fieldOf(group, holder));
  }
  if (first.groups?.some(({ data }) => data !== undefined) !== true) return;
  for (const { groups = [] } of run) {
    for (const { data } of groups) if (data !== undefined) to.push(data);
  }
}

const states = { g: 'granted', r: 'renewed', a: 'absent' } as const;

const stale: BeatAnswer = { stale: true, leases: [] };

/** Takes texts off the front of a longer one. */
interface TextReader {
  take(length: number): string;
  /** Up to the next semicolon. */
  until(): string;
  /** `<length>;` and so many characters. */
  counted(): string;
}

function textReader(text: string): TextReader {
  let at = 0;
  const until = (): string => {
    const end = text.indexOf(';', at);
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  return {
    take(length) {
      at += length;
      return text.slice(at - length, at);
    },
    until,
    counted() {
      const end = Number(until()) + at;
      const found = text.slice(at, end);
      at = end;
      return found;
    },
  };
}

/** UTF-8 that was read one byte a character. */
function utf8(latin1: string): string {
  return /[\u0080-\u00ff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1;
}

function readAnswer(read: TextReader, { groups, tell }: Beat): BeatAnswer {
  const count = groups?.length ?? Number(read.until());
  const leases: BeatLease[] = [];
  for (let at = 0; at < count; at += 1) {
    const state = states[read.take(1) as keyof typeof states];
    const group = groups === undefined ? utf8(read.counted()) : (groups[at]?.group ?? '');
    const revision = tell === 'state' ? 0 : Number(read.until());
    const isWhole = tell === undefined || tell === 'all';
    const epoch = isWhole ? Number(read.until()) : 0;
    const data = isWhole && read.take(1) === '+' ? utf8(read.counted()) : null;
    leases.push({ group, state, epoch, revision, data });
  }
  return { stale: false, leases };
}

/** Gives the revision of one lease after the other: as many as are of one group share it. */
function revisionReader(read: TextReader, tell: Beat['tell']): () => number {
  let left = tell === 'revision' ? 0 : Number.POSITIVE_INFINITY;
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

/** A run of beats whose leases were all renewed. */
function renewed(run: readonly Beat[], read: TextReader): BeatAnswer[] {
  const nextRevision = revisionReader(read, run[0]?.tell);
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
  encodeBatch(asks, to) {
    for (let from = 0; from < asks.length; ) {
      const first = asks[from];
      if (first === undefined) break;
      let end = from + 1;
      for (let next = asks[end]; next !== undefined && isSameForm(first, next); next = asks[end]) end += 1;
      encodeRun(from === 0 && end === asks.length ? asks : asks.slice(from, end), first, to);
      from = end;
    }
  },
  decode: () => stale,
  decodeBatch(reply, asks) {
    // One byte a character: lengths are in bytes.
    const read = textReader(reply.toString('latin1'));
    const answers: BeatAnswer[] = [];
    while (answers.length < asks.length) {
      const run = asks.slice(answers.length, answers.length + Number(read.until()));
      const said = read.take(1);
      if (said === 'r') answers.push(...renewed(run, read));
      else for (const ask of run) answers.push(said === 's' ? stale : readAnswer(read, ask));
    }
    return answers;
  },
};
