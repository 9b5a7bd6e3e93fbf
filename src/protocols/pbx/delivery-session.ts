/**
 * Delivery while this node holds the claim: reads what happened, knows the live tokens, and keeps one line moving for each
 * user and address. Everything here can be rebuilt from the store, and is, whenever a claim is taken.
 *
 * Rules (ours, where no document has any): on a line reports go one at a time, in order; a line waits while its
 * application is away or in trouble; a report that the application refuses is tried again beside the line.
 */
import type { DocumentWrite, Store } from '../../store/store.ts';
import { type DeadLetter, listDeadLetters, maxDeadLetters, writeDeadLetter } from './dead-letters.ts';
import type { Claim } from './delivery-claim.ts';
import { describeSent, retryDelayMs, verdictOf } from './delivery-rules.ts';
import {
  type Aside,
  asideKey,
  byLine,
  lineKey,
  listAsides,
  listLines,
  resumeAt,
  type StoredLine,
  writeAside,
  writeLine,
} from './lines.ts';
import { type QueuedReport, reportsTopic } from './report-queue.ts';
import { renderReport, shapeOf } from './report-shapes.ts';
import { isReport } from './reports.ts';
import type { Attempt, SendReport, Sent } from './send-report.ts';
import type { Slots } from './slots.ts';
import { type HeldToken, listTokens, readCallback, tenant } from './tokens.ts';

export type Counted = 'delivered' | 'failed' | 'dropped' | 'ended' | 'dead';

export interface Warning {
  readonly user?: string;
  readonly url?: string;
  readonly detail?: string;
  readonly err?: Error;
}

export interface SessionOptions {
  readonly store: Store;
  readonly claim: Claim;
  readonly slots: Slots;
  readonly send: SendReport;
  readonly queueLength: number;
  readonly maxAttempts: number;
  /** What a delivered report makes the rest of its tokens' lives; undefined: what it was. */
  readonly prolongMs: number | undefined;
  /** Whether a user may have reports at all. */
  readonly mayReport: (user: string) => boolean;
  readonly wallMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly count: (outcome: Counted, by?: number) => void;
  readonly warn: (what: string, about: Warning) => void;
  /** Something may be to do: run another pass. */
  readonly wake: () => void;
}

interface Line {
  readonly key: string;
  readonly user: string;
  readonly url: string;
  /** Host and port of the URL. */
  readonly host: string;
  from: number;
  cursor: number;
  attempts: number;
  /** Failures in a row, counted or not: how long the next pause is. */
  failures: number;
  /** No attempt before this reading of the lease clock. */
  notBeforeMs: number;
  /** Newest first; empty: nobody is here any more. */
  tokens: readonly HeldToken[];
  running: boolean;
  /** What was read about its newest token at the end of the attempt before. */
  next?: Current | undefined;
  attempt?: Attempt | undefined;
  /** Said once, not for every report. */
  saidSelf?: boolean;
  saidDropped?: boolean;
  saidOther?: boolean;
  last?: StoredLine['last'];
}

/** A token as it was a moment ago. */
interface Current {
  readonly token: string;
  readonly version: string;
  readonly peer: string;
}

interface SetAside extends Aside {
  readonly key: string;
  notBeforeMs: number;
  running: boolean;
}

export interface Session {
  /** Looks at what is new and starts what can be started. False: the claim was lost, or the store was reset. */
  pass(): Promise<boolean>;
  /** The live tokens, or where they want their reports, may have changed. */
  noteChange(): void;
  /** Position of the newest report that was seen. */
  readonly newest: number;
  /** Nothing waits and nothing is under way. */
  readonly isIdle: boolean;
  /** Something waits for the lease clock. */
  readonly isBackingOff: boolean;
  /** No attempt starts any more; resolves when none is under way. */
  stop(): Promise<void>;
}

/** Reads the state of delivery. Rejects with StoreUnavailable. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { store, claim } = options;
  const [stored, storedAsides, deadLetters] = await Promise.all([
    listLines(store),
    listAsides(store),
    listDeadLetters(store),
  ]);
  const lines = new Map<string, Line>();
  const lineOfToken = new Map<string, Line>();
  const entries = new Map<number, QueuedReport>();
  const asides = new Map<string, SetAside>();
  const deadKeys = [...deadLetters.keys()];
  const underWay = new Set<Promise<void>>();
  let newest = 0;
  let oldest = 1;
  let changed = true;
  let looked = false;
  let stopped = false;
  let held = false;
  /** Something stopped that is to go on later: how long to rest depends on it. */
  let needsPass = false;
  let finishedMeanwhile: Set<string> | undefined;

  const setAside = (key: string, aside: Aside, notBeforeMs: number): void => {
    asides.set(key, { ...aside, key, notBeforeMs, running: false });
  };
  for (const [key, aside] of storedAsides) setAside(key, aside, 0);
  /** Only once the store knows: what is listed at the same moment would bring it back. */
  const finishAside = (key: string): void => {
    asides.delete(key);
    finishedMeanwhile?.add(key);
  };
  const readAsides = async (): Promise<void> => {
    finishedMeanwhile = new Set();
    const found = await listAsides(store);
    for (const [key, aside] of found)
      if (!asides.has(key) && !finishedMeanwhile.has(key)) setAside(key, aside, 0);
    finishedMeanwhile = undefined;
  };

  const mayStart = (): boolean => !stopped && claim.isFresh;
  const leaseMs = async (): Promise<number> => (await store.now({ tenant })).leaseMs;
  const storedOf = ({ user, url, from, cursor, attempts, last }: Line): StoredLine => ({
    user,
    url,
    from,
    cursor,
    attempts,
    ...(last === undefined ? {} : { last }),
  });
  const track = (work: Promise<void>): void => {
    const tracked = work
      .catch((error: Error) => options.warn('a delivery stopped', { err: error }))
      .finally(() => {
        underWay.delete(tracked);
        if (needsPass || changed || held) options.wake();
        needsPass = false;
      });
    underWay.add(tracked);
  };

  /**
   * New reports; what fell out of the queue was dropped for every line that had not come to it. False: the queue begins
   * anew, since the store was reset, and what is known here is of another time.
   */
  const readReports = async (): Promise<boolean> => {
    const [[bounds], found] = await Promise.all([
      store.topicBounds({ tenant, topics: [reportsTopic] }),
      store.readTopics({
        tenant,
        topics: [{ topic: reportsTopic, after: BigInt(newest) }],
        limit: options.queueLength,
      }),
    ]);
    if (Number(bounds?.newest ?? 0n) < newest) return false;
    for (const { position, payload } of found) {
      newest = Math.max(newest, Number(position));
      const entry = JSON.parse(Buffer.from(payload).toString()) as QueuedReport;
      if (isReport.Check(entry.report)) entries.set(Number(position), entry);
    }
    if (found.length > 0) changed = true;
    oldest = Math.max(oldest, Number(bounds?.oldest ?? 0n), newest - options.queueLength + 1);
    for (const position of entries.keys()) {
      if (position >= oldest) break;
      entries.delete(position);
    }
    return true;
  };

  const dropOverflow = (line: Line): void => {
    const missed = oldest - 1 - line.cursor;
    if (missed <= 0) return;
    line.cursor = oldest - 1;
    line.attempts = 0;
    options.count('dropped', missed);
    if (line.saidDropped) return;
    line.saidDropped = true;
    options.warn('the queue of a callback was full, its oldest reports were dropped', {
      user: line.user,
      url: line.url,
      detail: `${missed} reports, and maybe more`,
    });
  };

  const startOf = (token: HeldToken, key: string): number => {
    const before = lineOfToken.get(token.token);
    const since = token.callback.since ?? 0;
    return before === undefined || before.key === key ? since : Math.max(since, before.cursor);
  };

  /** Makes the lines those of the tokens that are live now. */
  const refresh = async (): Promise<boolean> => {
    changed = false;
    const [tokens] = await Promise.all([listTokens(store), readAsides()]);
    held = false;
    const staying = tokens.filter((token) => {
      const before = lineOfToken.get(token.token);
      if (before === undefined || before.url === token.callback.callback || !before.running) return true;
      // What is on its way to the old address is waited for: whether it arrived decides what the new one gets.
      before.attempt?.abort();
      held = true;
      return false;
    });
    const wanted = byLine(staying);
    const joinsLater = new Set<string>();
    for (const [key, members] of wanted) {
      const [first] = members;
      if (first === undefined) continue;
      let line = lines.get(key);
      const joined = members.filter((token) => lineOfToken.get(token.token)?.key !== key);
      const startAt = Math.min(...(joined.length > 0 ? joined : members).map((token) => startOf(token, key)));
      if (line === undefined) {
        const before = stored.get(key);
        line = {
          key,
          user: first.user,
          url: first.callback.callback,
          host: new URL(first.callback.callback).host,
          ...resumeAt(before, startAt),
          attempts: before?.attempts ?? 0,
          failures: 0,
          notBeforeMs: 0,
          tokens: members,
          running: false,
          last: before?.last,
        };
        lines.set(key, line);
      } else if (joined.length > 0 && startAt < line.from) {
        // Not under an attempt: what it comes to would move the line on again.
        if (line.running) {
          held = true;
          for (const { token } of joined) joinsLater.add(token);
        } else Object.assign(line, resumeAt(line, startAt));
      }
      line.tokens = members;
    }
    const moved = new Set<Line>();
    for (const token of staying) {
      const now = lines.get(lineKey(token.user, token.callback.callback));
      const before = lineOfToken.get(token.token);
      if (before !== undefined && before !== now) moved.add(before);
    }
    const kept = new Set(tokens.map(({ token }) => token));
    for (const token of lineOfToken.keys()) if (!kept.has(token)) lineOfToken.delete(token);
    for (const token of staying) {
      const line = lines.get(lineKey(token.user, token.callback.callback));
      if (line !== undefined && !joinsLater.has(token.token)) lineOfToken.set(token.token, line);
    }
    const writes: DocumentWrite[] = [];
    for (const line of lines.values()) {
      if (wanted.has(line.key)) continue;
      line.tokens = [];
      if (line.running) continue;
      lines.delete(line.key);
      const left = newest - Math.max(line.cursor, oldest - 1);
      if (!moved.has(line) && left > 0) options.count('ended', left);
    }
    // Lines whose tokens ended, on whatever node and whenever: nobody will want to know how far they had got.
    for (const key of stored.keys()) {
      if (lines.has(key)) continue;
      stored.delete(key);
      writes.push(writeLine(key, null));
    }
    return writes.length === 0 || claim.commit(writes);
  };

  /** The newest token of a line as it is now; undefined if it ended or moved. */
  const current = async ({ tokens, url }: Line): Promise<Current | undefined> => {
    const [first] = tokens;
    if (first === undefined) return undefined;
    const lease = await store.read({ tenant, group: first.user, holder: first.token });
    const callback = lease === null ? undefined : readCallback(lease.data);
    if (callback?.callback !== url) return undefined;
    return { token: first.token, version: callback.version, peer: callback.peer ?? '' };
  };

  /** A delivered report keeps the tokens that it was for, unless this server answered itself. */
  const extend = async (line: Line, sent: Sent): Promise<void> => {
    if (sent.kind === 'answered' && sent.fromSelf) {
      if (line.saidSelf) return;
      line.saidSelf = true;
      options.warn('a callback is this server itself: its reports do not keep the token', {
        user: line.user,
        url: line.url,
      });
      return;
    }
    const { prolongMs } = options;
    if (prolongMs === undefined) return;
    await Promise.all(
      line.tokens.map(({ token }) => store.beat({ tenant, holder: token, ttlMs: prolongMs, grant: false })),
    );
  };

  const die = (letter: DeadLetter): DocumentWrite[] => {
    const key = asideKey(letter);
    options.count('dead');
    options.warn('a report was tried as often as it may be and is a dead letter now', {
      user: letter.user,
      url: letter.url,
      detail: `${letter.report.report}: ${letter.reason}`,
    });
    deadKeys.push(key);
    const tooMany = deadKeys.splice(0, Math.max(0, deadKeys.length - maxDeadLetters));
    return [writeDeadLetter(key, letter), ...tooMany.map((old) => writeDeadLetter(old, null))];
  };

  const noteDelivered = (sent: Sent, line: Line): void => {
    options.count('delivered');
    if (sent.kind !== 'answered' || sent.status === 200 || line.saidOther) return;
    line.saidOther = true;
    options.warn('a report was answered with another success than 200; a PBX may send it again', {
      user: line.user,
      url: line.url,
      detail: `answered ${sent.status}`,
    });
  };

  const waitForSlot = (line: Line): Promise<() => void> => {
    line.next = undefined;
    return options.slots.take(line.host);
  };

  /** The next report of a line. False: the line stops for now. */
  const deliverNext = async (line: Line): Promise<boolean> => {
    dropOverflow(line);
    if (!options.mayReport(line.user)) {
      line.cursor = newest;
      return true;
    }
    const position = line.cursor + 1;
    const queued = entries.get(position);
    if (queued === undefined) {
      line.cursor = Math.max(line.cursor, Math.min(position, newest));
      return true;
    }
    // Nothing waited since the attempt before: what was read with its end is as good as reading it again.
    const release = options.slots.tryTake(line.host) ?? (await waitForSlot(line));
    let sent: Sent;
    let token: string;
    try {
      if (!mayStart()) return false;
      const now = line.next ?? (await current(line));
      line.next = undefined;
      if (now === undefined) {
        changed = true;
        return false;
      }
      token = now.token;
      const body = renderReport(queued.report, shapeOf(now.version), queued.serial);
      if (body === undefined) {
        line.cursor = Math.max(line.cursor, position);
        return true;
      }
      if (!mayStart()) return false;
      line.attempt = options.send(line.url, body, now.peer);
      sent = await line.attempt.sent;
    } finally {
      line.attempt = undefined;
      release();
    }
    return settle(line, position, queued, token, sent);
  };

  const settle = async (
    line: Line,
    position: number,
    queued: QueuedReport,
    token: string,
    sent: Sent,
  ): Promise<boolean> => {
    const verdict = verdictOf(sent);
    if (verdict === 'aborted') {
      changed = true;
      return false;
    }
    const pass = (): void => {
      line.cursor = Math.max(line.cursor, position);
      line.attempts = 0;
    };
    const aside: Aside = {
      user: line.user,
      token,
      url: line.url,
      position,
      report: queued.report,
      serial: queued.serial,
      reportedAtMs: queued.atMs,
      attempts: line.attempts + 1,
    };
    line.last = { what: describeSent(sent), atMs: options.wallMs() };
    const writes: DocumentWrite[] = [];
    if (verdict === 'delivered') {
      noteDelivered(sent, line);
      pass();
      line.failures = 0;
      line.saidDropped = false;
    } else {
      options.count('failed');
      if (verdict !== 'declined') {
        line.failures += 1;
        line.notBeforeMs = (await leaseMs()) + retryDelayMs(line.failures, options.random());
      }
      if (verdict === 'declined') line.failures = 0;
      if (verdict !== 'unreached') {
        if (aside.attempts >= options.maxAttempts) {
          writes.push(...die({ ...aside, reason: describeSent(sent), deadAtMs: options.wallMs() }));
          pass();
        } else if (verdict === 'declined') {
          const key = asideKey(aside);
          setAside(key, aside, (await leaseMs()) + retryDelayMs(aside.attempts, options.random()));
          writes.push(writeAside(key, aside), ...boundAsides(line));
          pass();
        } else {
          line.attempts += 1;
        }
      }
    }
    stored.set(line.key, storedOf(line));
    writes.push(writeLine(line.key, storedOf(line)));
    const goesOn = line.cursor < newest && (verdict === 'delivered' || verdict === 'declined');
    const [kept, next] = await Promise.all([
      claim.commit(writes),
      goesOn ? current(line) : undefined,
      verdict === 'delivered' ? extend(line, sent) : undefined,
    ]);
    line.next = next;
    return kept && (verdict === 'delivered' || verdict === 'declined');
  };

  /** What is set aside is bounded as the line is. */
  const boundAsides = ({ user, url }: Line): DocumentWrite[] => {
    const mine = [...asides.values()].filter((aside) => aside.user === user && aside.url === url);
    const tooMany = mine.slice(0, Math.max(0, mine.length - options.queueLength));
    for (const { key } of tooMany) asides.delete(key);
    if (tooMany.length > 0) options.count('dropped', tooMany.length);
    return tooMany.map(({ key }) => writeAside(key, null));
  };

  const runLine = async (line: Line): Promise<void> => {
    try {
      while (mayStart() && line.tokens.length > 0 && line.cursor < newest) {
        if (!(await deliverNext(line))) return;
      }
    } finally {
      line.running = false;
      line.next = undefined;
      if (line.tokens.length === 0) changed = true;
      else if (line.cursor < newest) needsPass = true;
    }
  };

  /** Where a report that was set aside goes now. */
  const lineFor = (aside: Aside): Line | undefined =>
    lineOfToken.get(aside.token) ??
    lines.get(lineKey(aside.user, aside.url)) ??
    (aside.replayed === true ? [...lines.values()].find(({ user }) => user === aside.user) : undefined);

  const runAside = async (aside: SetAside): Promise<void> => {
    const line = lineFor(aside);
    if (line === undefined) {
      options.count('ended');
      const { key, notBeforeMs: _notBeforeMs, running: _running, replayed, ...rest } = aside;
      const letter = { ...rest, reason: 'nobody is logged in for it', deadAtMs: options.wallMs() };
      await claim.commit([writeAside(key, null), ...(replayed === true ? die(letter) : [])]);
      finishAside(key);
      return;
    }
    const release = await options.slots.take(line.host);
    let sent: Sent;
    try {
      if (!mayStart()) return;
      const now = await current(line);
      if (now === undefined) {
        changed = true;
        return;
      }
      const body = renderReport(aside.report, shapeOf(now.version), aside.serial);
      if (body === undefined) sent = { kind: 'answered', status: 200, fromSelf: true, excerpt: '' };
      else sent = await options.send(line.url, body, now.peer).sent;
    } finally {
      release();
    }
    const verdict = verdictOf(sent);
    if (verdict === 'delivered') {
      noteDelivered(sent, line);
      await Promise.all([claim.commit([writeAside(aside.key, null)]), extend(line, sent)]);
      finishAside(aside.key);
      return;
    }
    options.count('failed');
    const attempts = aside.attempts + (verdict === 'unreached' ? 0 : 1);
    const { key, notBeforeMs: _notBeforeMs, running: _running, replayed, ...rest } = aside;
    const next = { ...rest, attempts };
    if (attempts >= options.maxAttempts) {
      const letter = { ...next, reason: describeSent(sent), deadAtMs: options.wallMs() };
      await claim.commit([writeAside(key, null), ...die(letter)]);
      finishAside(key);
      return;
    }
    const pauseMs = retryDelayMs(Math.max(1, attempts), options.random());
    const again: Aside = replayed === undefined ? next : { ...next, replayed };
    setAside(key, again, (await leaseMs()) + pauseMs);
    await claim.commit([writeAside(key, again)]);
  };

  return {
    async pass() {
      if (stopped) return true;
      if (!(await readReports())) return false;
      if ((changed || held) && !(await refresh())) return false;
      const nowMs = await leaseMs();
      looked = true;
      for (const line of lines.values()) {
        if (line.running || line.tokens.length === 0 || line.notBeforeMs > nowMs || !mayStart()) continue;
        dropOverflow(line);
        if (line.cursor >= newest) continue;
        line.running = true;
        track(runLine(line));
      }
      for (const aside of asides.values()) {
        if (aside.running || aside.notBeforeMs > nowMs || !mayStart()) continue;
        aside.running = true;
        track(
          runAside(aside).finally(() => {
            aside.running = false;
          }),
        );
      }
      return claim.isHeld;
    },
    noteChange() {
      changed = true;
    },
    get newest() {
      return newest;
    },
    get isIdle() {
      if (!looked || changed || held || underWay.size > 0 || asides.size > 0) return false;
      for (const line of lines.values()) if (line.cursor < newest) return false;
      return true;
    },
    get isBackingOff() {
      return [...lines.values()].some((line) => line.cursor < newest && !line.running) || asides.size > 0;
    },
    async stop() {
      stopped = true;
      await Promise.all(underWay);
    },
  };
}
