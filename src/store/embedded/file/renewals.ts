/**
 * Renewals of leases in the file. They are by far the most frequent change and touch rows all over the table of leases, so
 * each batch is written as one blob, at a twentieth of the cost, and folded into the table from time to time.
 */
import type { LeaseRecord } from '../records.ts';
import type { Statements } from './statements.ts';

/** Maximum number of renewals that have not been folded into the table of leases. */
const maxUnfolded = 4_096;

export interface Renewal {
  readonly ttlMs: number;
  readonly deadlineMs: number;
}

export class Renewals {
  readonly #statements: Statements;
  /** Renewed since the last write. */
  readonly #renewed = new Set<LeaseRecord>();
  /** Renewed, written, and not folded into the table. */
  readonly #unfolded = new Set<LeaseRecord>();
  #unfoldedRenewals = 0;
  /** Ended since the last write. */
  #ended: LeaseRecord[] = [];

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  get isEmpty(): boolean {
    return this.#renewed.size === 0;
  }

  get mustFold(): boolean {
    return this.#unfoldedRenewals >= maxUnfolded;
  }

  add(lease: LeaseRecord): void {
    this.#renewed.add(lease);
  }

  /** The lease has ended: it has no row any more. */
  remove(lease: LeaseRecord): void {
    this.#renewed.delete(lease);
    this.#ended.push(lease);
  }

  /** The changes since the last write were reverted. */
  discard(): void {
    this.#renewed.clear();
    this.#ended = [];
  }

  /** The lease was read from the table, together with a renewal that is not folded. */
  addRestored(lease: LeaseRecord): void {
    this.#unfolded.add(lease);
  }

  /** Returns the last renewal of each lease, by its epoch. */
  read(): Map<number, Renewal> {
    const renewals = new Map<number, Renewal>();
    for (const { leases } of this.#statements.all('SELECT leases FROM renewals ORDER BY batch')) {
      const numbers = new Float64Array((leases as Uint8Array).slice().buffer);
      for (let at = 0; at < numbers.length; at += 3) {
        const [epoch = 0, ttlMs = 0, deadlineMs = 0] = numbers.subarray(at, at + 3);
        renewals.set(epoch, { ttlMs, deadlineMs });
      }
      this.#unfoldedRenewals += numbers.length / 3;
    }
    return renewals;
  }

  /** Writes the renewals since the last write as one blob, three numbers each. */
  write(): void {
    if (this.#renewed.size === 0) return;
    const numbers = new Float64Array(this.#renewed.size * 3);
    let at = 0;
    for (const { epoch, ttlMs, deadlineMs } of this.#renewed) {
      numbers[at] = epoch;
      numbers[at + 1] = ttlMs;
      numbers[at + 2] = deadlineMs;
      at += 3;
    }
    this.#statements.run('INSERT INTO renewals (leases) VALUES (?)', [new Uint8Array(numbers.buffer)]);
  }

  /** Moves the renewals of earlier batches into the table of leases. */
  fold(): void {
    for (const { deadlineMs, ttlMs, tenant, group, holder, epoch } of this.#unfolded) {
      // By epoch as well: the same names may have been used again after the tenant was dropped.
      this.#statements.run(
        'UPDATE leases SET deadline_ms = ?, ttl_ms = ? WHERE tenant = ? AND "group" = ? AND holder = ? AND epoch = ?',
        [deadlineMs, ttlMs, tenant.name, group.name, holder, epoch],
      );
    }
    this.#statements.run('DELETE FROM renewals');
  }

  /** To be called after the transaction of `fold`. */
  folded(): void {
    this.#unfolded.clear();
    this.#unfoldedRenewals = 0;
  }

  /** To be called after the transaction of `write`. */
  written(): void {
    for (const lease of this.#renewed) this.#unfolded.add(lease);
    this.#unfoldedRenewals += this.#renewed.size;
    for (const lease of this.#ended) this.#unfolded.delete(lease);
    this.#renewed.clear();
    this.#ended = [];
  }
}
