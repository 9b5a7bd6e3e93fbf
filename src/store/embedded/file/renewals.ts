/**
 * Renewals of leases in the file. They are by far the most frequent change, so most of them are not written, and those that are go to a log
 * of blobs instead of rows all over the table of leases.
 *
 * A renewal is written with a deadline that is later than its own, by the lease's slack, and the next ones are not written while
 * their deadline is within it. After a kill a lease thus ends at most its slack too late, and never early.
 */
import type { LeaseRecord } from '../records.ts';
import { allLeases, type State } from '../state.ts';
import type { Statements } from './statements.ts';

/** Default of the longest slack, ms: how much longer than its TTL a lease may be held after a kill. */
export const defaultMaxSlackMs = 5_000;
/** The slack of a lease is at most this part of its TTL. */
const slackOfTtl = 1 / 4;
/** Number of renewals in the log from which it is shortened, unless there are more leases. */
const minLogged = 4_096;
/** Number of leases that one batch copies to the end of the log while it is shortened. */
const copiedPerBatch = 512;
/** Row, TTL and deadline. */
const numbersPerRenewal = 3;

/** The last renewal of each lease. */
export interface ReadRenewals {
  /** Where each row's renewal begins in `numbers`. */
  readonly places: ReadonlyMap<number, number>;
  /** Row, TTL and deadline of each renewal. */
  readonly numbers: Float64Array;
  readonly lastRow: number;
}

/** Copies the leases to the end of the log, in parts, so that what was there before can be deleted. */
interface Copy {
  readonly leases: Iterator<LeaseRecord>;
  /** The first batch that is kept. */
  readonly firstBatch: number;
  isComplete: boolean;
}

export class Renewals {
  readonly #statements: Statements;
  readonly #maxSlackMs: number;
  /** To be written with the next batch; may hold leases that ended in the meantime, and one lease twice. */
  #pending: LeaseRecord[] = [];
  /** What `writtenMs` of each was before. */
  #previous: number[] = [];
  #batch = 0;
  /** Number of renewals in the log, of which those of `#copy` are not deleted at its end. */
  #logged = 0;
  #loggedSinceCopy = 0;
  #shortenAt = minLogged;
  #copy: Copy | undefined;

  constructor(statements: Statements, maxSlackMs: number) {
    this.#statements = statements;
    this.#maxSlackMs = maxSlackMs;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Records a renewal that changed the deadline only. */
  renew(lease: LeaseRecord): void {
    const { deadlineMs, writtenMs } = lease;
    if (deadlineMs <= writtenMs && writtenMs - deadlineMs <= this.#slackOf(lease)) return;
    this.write(lease);
  }

  /** The changes since the last write were reverted. */
  discard(): void {
    for (let at = this.#pending.length - 1; at >= 0; at -= 1) {
      const lease = this.#pending[at];
      if (lease !== undefined) lease.writtenMs = this.#previous[at] ?? 0;
    }
    this.#forget();
    // What was copied with them is copied again.
    this.#copy = undefined;
  }

  /** Writes the TTL and the deadline of a lease with the next batch. */
  write(lease: LeaseRecord): void {
    this.#write(lease, lease.deadlineMs + this.#slackOf(lease));
  }

  /** Returns the last renewal of each lease. */
  read(): ReadRenewals {
    const batches = this.#statements.all('SELECT batch, leases FROM lease_renewals ORDER BY batch');
    const bytes = Buffer.concat(batches.map(({ leases }) => leases as Uint8Array));
    const numbers = new Float64Array(new Uint8Array(bytes).buffer);
    const places = new Map<number, number>();
    let lastRow = 0;
    for (let at = 0; at < numbers.length; at += numbersPerRenewal) {
      const row = numbers[at] ?? 0;
      places.set(row, at);
      lastRow = Math.max(lastRow, row);
    }
    this.#logged = numbers.length / numbersPerRenewal;
    this.#batch = Number(batches.at(-1)?.batch ?? 0);
    return { places, numbers, lastRow };
  }

  /**
   * Replaces the log by one renewal for each of the leases, with the deadline that it has now. Within a transaction; call `inserted` after
   * it.
   */
  rewrite(leases: readonly LeaseRecord[]): void {
    for (const lease of leases) this.#write(lease, lease.deadlineMs);
    this.#logged = 0;
    this.#statements.run('DELETE FROM lease_renewals');
    this.insert();
  }

  /** Adds the deadlines of all leases that differ from those in the file, before it is closed. */
  settle(state: State): void {
    for (const lease of allLeases(state)) {
      if (lease.writtenMs !== lease.deadlineMs) this.#write(lease, lease.deadlineMs);
    }
  }

  /** Adds to the batch what shortens the log. To be called before the transaction of `insert`. */
  prepare(state: State): void {
    if (this.#copy === undefined && this.#logged >= this.#shortenAt) {
      const leases = countLeases(state);
      this.#shortenAt = Math.max(minLogged, 2 * leases);
      if (this.#logged < this.#shortenAt) return;
      this.#copy = { leases: allLeases(state), firstBatch: this.#batch + 1, isComplete: false };
      this.#loggedSinceCopy = 0;
    }
    const copy = this.#copy;
    for (let copied = 0; copy?.isComplete === false && copied < copiedPerBatch; copied += 1) {
      const next = copy.leases.next();
      if (next.done === true) copy.isComplete = true;
      else this.#write(next.value, next.value.writtenMs);
    }
  }

  /** Writes what was renewed since the last write as one blob. Within a transaction. */
  insert(): void {
    if (this.#pending.length > 0) this.#insert(this.#pending);
    // Every lease is in a later batch, or in its row if it was granted after the copy began.
    if (this.#copy?.isComplete === true) {
      this.#statements.run('DELETE FROM lease_renewals WHERE batch < ?', [this.#copy.firstBatch]);
    }
  }

  /** To be called after the transaction of `insert`. */
  inserted(): void {
    if (this.#pending.length > 0) this.#batch += 1;
    this.#logged += this.#pending.length;
    this.#loggedSinceCopy += this.#pending.length;
    this.#forget();
    if (this.#copy?.isComplete !== true) return;
    this.#copy = undefined;
    this.#logged = this.#loggedSinceCopy;
  }

  #write(lease: LeaseRecord, writtenMs: number): void {
    this.#previous.push(lease.writtenMs);
    lease.writtenMs = writtenMs;
    this.#pending.push(lease);
  }

  #forget(): void {
    if (this.#pending.length === 0) return;
    this.#pending = [];
    this.#previous = [];
  }

  #insert(leases: readonly LeaseRecord[]): void {
    const numbers = new Float64Array(leases.length * numbersPerRenewal);
    let at = 0;
    for (const { row, ttlMs, writtenMs } of leases) {
      numbers[at] = row;
      numbers[at + 1] = ttlMs;
      numbers[at + 2] = writtenMs;
      at += numbersPerRenewal;
    }
    this.#statements.run('INSERT OR REPLACE INTO lease_renewals VALUES (?, ?)', [
      ...[this.#batch + 1, new Uint8Array(numbers.buffer)],
    ]);
  }

  #slackOf({ ttlMs }: LeaseRecord): number {
    return Math.min(this.#maxSlackMs, ttlMs * slackOfTtl);
  }
}

function countLeases(state: State): number {
  let leases = 0;
  for (const tenant of state.tenants.values()) leases += tenant.leases;
  return leases;
}
