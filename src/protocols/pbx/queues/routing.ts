/**
 * Which line the reports of each live token are on. Tokens come, go and move; lines follow them, and what is under way on a
 * line is waited for before a token moves to another or a line begins anew. No store, no time: data in, data out.
 */

import type { ReportWindow } from '../reports/report-window.ts';
import type { HeldToken } from '../tokens/tokens.ts';
import { type Line, openLine } from './delivery-queue.ts';
import type { Aside } from './retries.ts';
import { byLine, lineKey, resumeAt, type StoredLine } from './stored-queue.ts';

export interface Routes {
  /** By key; those too that nobody wants any more while an attempt is under way there. */
  readonly lines: Map<string, Line>;
  /** By token. */
  readonly lineOf: Map<string, Line>;
}

export interface Rerouted {
  /** Something waits for an attempt to end: route again then. */
  readonly held: boolean;
  /** Reports that waited for nobody who is left. */
  readonly ended: number;
}

/** Makes the lines those of `tokens`, the live ones. `stored`: how far lines had got that are not known yet. */
export function reroute(
  routes: Routes,
  tokens: readonly HeldToken[],
  stored: ReadonlyMap<string, StoredLine>,
  window: Pick<ReportWindow, 'newest' | 'oldest'>,
): Rerouted {
  const staying = tokens.filter((token) => !isMovingUnderWay(routes, token));
  const wanted = byLine(staying);
  const joinLater = fillLines(routes, wanted, stored);
  const left = linesLeft(routes, staying);
  forgetTokens(routes, tokens);
  for (const token of staying) {
    const line = lineAt(routes, token);
    if (line !== undefined && !joinLater.has(token.token)) routes.lineOf.set(token.token, line);
  }
  return {
    held: staying.length < tokens.length || joinLater.size > 0,
    ended: endLines(routes, wanted, left, window),
  };
}

/** Where a report that was set aside goes now. */
export function lineForAside({ lines, lineOf }: Routes, aside: Aside): Line | undefined {
  return (
    lineOf.get(aside.token) ??
    lines.get(lineKey(aside.user, aside.url)) ??
    (aside.replayed === true ? [...lines.values()].find(({ user }) => user === aside.user) : undefined)
  );
}

function lineAt({ lines }: Routes, { user, callback }: HeldToken): Line | undefined {
  return lines.get(lineKey(user, callback.callback));
}

/** What is on its way to the old address is waited for: whether it arrived decides what the new one gets. */
function isMovingUnderWay({ lineOf }: Routes, { token, callback }: HeldToken): boolean {
  const before = lineOf.get(token);
  if (before === undefined || before.url === callback.callback || !before.running) return false;
  before.attempt?.abort();
  return true;
}

/** Opens lines, and lets tokens join those there are. Answers the tokens that have to wait with that. */
function fillLines(
  routes: Routes,
  wanted: ReadonlyMap<string, readonly HeldToken[]>,
  stored: ReadonlyMap<string, StoredLine>,
): ReadonlySet<string> {
  const { lines, lineOf } = routes;
  const joinLater = new Set<string>();
  for (const [key, members] of wanted) {
    const [first] = members;
    if (first === undefined) continue;
    const joined = members.filter(({ token }) => lineOf.get(token)?.key !== key);
    const startAt = Math.min(
      ...(joined.length > 0 ? joined : members).map((token) => startOf(routes, token, key)),
    );
    const line = lines.get(key);
    if (line === undefined) {
      lines.set(key, openLine(key, first, members, stored.get(key), startAt));
      continue;
    }
    if (joined.length > 0 && startAt < line.from) {
      // Not under an attempt: what it comes to would move the line on again.
      if (line.running) for (const { token } of joined) joinLater.add(token);
      else Object.assign(line, resumeAt(line, startAt));
    }
    line.tokens = members;
  }
  return joinLater;
}

/** The position from which a token wants reports: what its line before got is not sent again. */
function startOf({ lineOf }: Routes, { token, callback }: HeldToken, key: string): number {
  const before = lineOf.get(token);
  const since = callback.since ?? 0;
  return before === undefined || before.key === key ? since : Math.max(since, before.cursor);
}

/** Lines that tokens moved away from, and took with them what waited there. */
function linesLeft(routes: Routes, staying: readonly HeldToken[]): ReadonlySet<Line> {
  const left = new Set<Line>();
  for (const token of staying) {
    const before = routes.lineOf.get(token.token);
    if (before !== undefined && before !== lineAt(routes, token)) left.add(before);
  }
  return left;
}

function forgetTokens({ lineOf }: Routes, tokens: readonly HeldToken[]): void {
  const live = new Set(tokens.map(({ token }) => token));
  for (const token of lineOf.keys()) if (!live.has(token)) lineOf.delete(token);
}

/** Ends the lines that are not wanted, but for attempts under way. Answers how many reports waited there in vain. */
function endLines(
  { lines }: Routes,
  wanted: ReadonlyMap<string, unknown>,
  left: ReadonlySet<Line>,
  { newest, oldest }: Pick<ReportWindow, 'newest' | 'oldest'>,
): number {
  let ended = 0;
  for (const line of lines.values()) {
    if (wanted.has(line.key)) continue;
    line.tokens = [];
    if (line.running) continue;
    lines.delete(line.key);
    if (!left.has(line)) ended += Math.max(0, newest - Math.max(line.cursor, oldest - 1));
  }
  return ended;
}
