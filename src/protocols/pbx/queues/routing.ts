/**
 * Which delivery queue the reports of each live token come from. Tokens start, end and move; queues follow them. A token moves, or
 * a queue starts again, only while no attempt is under way there. Pure: no store, no time.
 */
import type { ReportWindow } from '../reports/report-window.ts';
import type { ActiveToken } from '../tokens/token.ts';
import { type DeliveryQueue, openQueue } from './delivery-queue.ts';
import type { Retry } from './retries.ts';
import { byQueue, queueKey, resumeAt, type StoredQueue } from './stored-queue.ts';

export interface Routes {
  /** By key; includes queues without tokens while an attempt is under way there. */
  readonly queues: Map<string, DeliveryQueue>;
  /** By token. */
  readonly queueOf: Map<string, DeliveryQueue>;
}

export interface Rerouted {
  /** Something waits for an attempt to end: route again then. */
  readonly isWaiting: boolean;
  /** Queues whose tokens all ended while reports waited there. */
  readonly ended: readonly EndedQueue[];
}

export interface EndedQueue {
  readonly queue: DeliveryQueue;
  /** How many reports waited. */
  readonly waiting: number;
}

type WindowBounds = Pick<ReportWindow, 'newest' | 'oldest'>;
type TokensByQueue = ReadonlyMap<string, readonly ActiveToken[]>;

/** Adapts the queues to the live tokens. `stored`: how far queues had got that are not open yet. */
export function reroute(
  routes: Routes,
  tokens: readonly ActiveToken[],
  stored: ReadonlyMap<string, StoredQueue>,
  window: WindowBounds,
): Rerouted {
  const settled = tokens.filter((token) => !isMovingUnderWay(routes, token));
  const wanted = byQueue(settled);
  const joinLater = fillQueues(routes, wanted, stored);
  const left = queuesLeft(routes, settled);
  forgetEndedTokens(routes, tokens);
  for (const token of settled) {
    const queue = queueAt(routes, token);
    if (queue !== undefined && !joinLater.has(token.token)) routes.queueOf.set(token.token, queue);
  }
  return {
    isWaiting: settled.length < tokens.length || joinLater.size > 0,
    ended: endQueues(routes, wanted, left, window),
  };
}

/** Returns the queue whose application gets a retry; undefined if there is none. */
export function queueForRetry({ queues, queueOf }: Routes, retry: Retry): DeliveryQueue | undefined {
  return (
    queueOf.get(retry.token) ??
    queues.get(queueKey(retry.user, retry.url)) ??
    (retry.isReplay === true ? [...queues.values()].find(({ user }) => user === retry.user) : undefined)
  );
}

function queueAt({ queues }: Routes, { user, callback }: ActiveToken): DeliveryQueue | undefined {
  return queues.get(queueKey(user, callback.callback));
}

/** A report on its way to the old address is waited for: whether it arrives decides what the new address gets. */
function isMovingUnderWay({ queueOf }: Routes, { token, callback }: ActiveToken): boolean {
  const before = queueOf.get(token);
  if (before === undefined || before.url === callback.callback || !before.isRunning) return false;
  before.attempt?.abort();
  return true;
}

/** Opens queues, and adds tokens to open ones. Returns the tokens that have to wait with that. */
function fillQueues(
  routes: Routes,
  wanted: TokensByQueue,
  stored: ReadonlyMap<string, StoredQueue>,
): ReadonlySet<string> {
  const { queues, queueOf } = routes;
  const joinLater = new Set<string>();
  for (const [key, members] of wanted) {
    const [first, ...others] = members;
    if (first === undefined) continue;
    const joining = members.filter(({ token }) => queueOf.get(token)?.key !== key);
    const starting = joining.length > 0 ? joining : members;
    const startAt = Math.min(...starting.map((token) => startOf(routes, token, key)));
    const queue = queues.get(key);
    if (queue === undefined) {
      queues.set(key, openQueue(key, [first, ...others], stored.get(key), startAt));
      continue;
    }
    if (joining.length > 0 && startAt < queue.from) {
      // Not during an attempt: its end would move the queue on again.
      if (queue.isRunning) for (const { token } of joining) joinLater.add(token);
      else Object.assign(queue, resumeAt(queue, startAt));
    }
    queue.tokens = members;
  }
  return joinLater;
}

/** Returns the position from which a token wants reports: those that its previous queue got are not sent again. */
function startOf({ queueOf }: Routes, { token, callback }: ActiveToken, key: string): number {
  const before = queueOf.get(token);
  const since = callback.since ?? 0;
  return before === undefined || before.key === key ? since : Math.max(since, before.cursor);
}

/** Returns the queues that tokens moved away from; the reports that waited there moved with them. */
function queuesLeft(routes: Routes, settled: readonly ActiveToken[]): ReadonlySet<DeliveryQueue> {
  const left = new Set<DeliveryQueue>();
  for (const token of settled) {
    const before = routes.queueOf.get(token.token);
    if (before !== undefined && before !== queueAt(routes, token)) left.add(before);
  }
  return left;
}

function forgetEndedTokens({ queueOf }: Routes, tokens: readonly ActiveToken[]): void {
  const live = new Set(tokens.map(({ token }) => token));
  for (const token of queueOf.keys()) if (!live.has(token)) queueOf.delete(token);
}

/** Ends the queues that no token wants, except during an attempt. Returns those where reports waited in vain. */
function endQueues(
  { queues }: Routes,
  wanted: TokensByQueue,
  left: ReadonlySet<DeliveryQueue>,
  { newest, oldest }: WindowBounds,
): readonly EndedQueue[] {
  const ended: EndedQueue[] = [];
  for (const queue of queues.values()) {
    if (wanted.has(queue.key)) continue;
    queue.tokens = [];
    if (queue.isRunning) continue;
    queues.delete(queue.key);
    const waiting = newest - Math.max(queue.cursor, oldest - 1);
    if (!left.has(queue) && waiting > 0) ended.push({ queue, waiting });
  }
  return ended;
}
