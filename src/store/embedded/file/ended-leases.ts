/**
 * Leases that ended, in the file. To delete the rows of many takes longer than they may be late, so a batch of many is written as one
 * blob of their rows. The rows are deleted afterwards, in parts, while nothing is due. A restart reads both.
 */
import type { GroupRecord, TenantRecord } from '../records.ts';
import { decodeEnds, encodeEnds } from './ended-blob.ts';
import type { Statements } from './statements.ts';

/** Number of leases up to which a batch deletes their rows at once. */
const maxDirect = 32;
/** Number of rows that are deleted at once later. */
const deletedPerPart = 512;

/** A lease whose row is in the file although it ended. */
export interface EndedLease {
  readonly row: number;
  readonly tenant: Pick<TenantRecord, 'name'>;
  readonly group: GroupRecord;
}

interface Batch {
  readonly number: number;
  readonly leases: EndedLease[];
}

export class EndedLeases {
  readonly #statements: Statements;
  /** To be written with the next batch, and the revision of the group of each. */
  #pending: EndedLease[] = [];
  #revisions: number[] = [];
  /** Those whose rows are still in the file, oldest first. */
  readonly #batches: Batch[] = [];
  #lastBatch = 0;
  /** What the next transaction deletes: the last leases of the oldest batches. */
  #part: EndedLease[] = [];

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Whether nothing is to be written. */
  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#part.length === 0;
  }

  /** Whether rows are still to be deleted. */
  get hasRows(): boolean {
    return this.#batches.length > 0;
  }

  /** `revisions`: those of their groups after each. */
  end(leases: readonly EndedLease[], revisions: readonly number[]): void {
    this.#pending.push(...leases);
    this.#revisions.push(...revisions);
  }

  /** Deletes a part of the rows with the next batch. */
  tidy(): void {
    this.#part = [];
    for (const { leases } of this.#batches) {
      const left = deletedPerPart - this.#part.length;
      if (left === 0) return;
      this.#part.push(...leases.slice(-left));
    }
  }

  /** Writes what ended, within a transaction. Returns the leases whose rows it deleted: the rows of their groups are to be written. */
  write(): readonly EndedLease[] {
    for (const { row } of this.#part) this.#delete(row);
    const last = this.#completeBatches().at(-1);
    if (last !== undefined) this.#statements.run('DELETE FROM ended_rows WHERE batch <= ?', [last.number]);
    if (this.#pending.length > maxDirect) {
      this.#insert();
      return this.#part;
    }
    for (const { row } of this.#pending) this.#delete(row);
    return this.#part.length === 0 ? this.#pending : [...this.#part, ...this.#pending];
  }

  /** To be called after the transaction of `write`. */
  written(): void {
    let deleted = this.#part.length;
    for (const { leases } of this.#batches.splice(0, this.#completeBatches().length))
      deleted -= leases.length;
    const [oldest] = this.#batches;
    if (oldest !== undefined) oldest.leases.length -= deleted;
    if (this.#pending.length > maxDirect) {
      this.#lastBatch += 1;
      this.#batches.push({ number: this.#lastBatch, leases: this.#pending });
    }
    this.discard();
  }

  /** The changes since the last write were reverted. */
  discard(): void {
    if (this.isEmpty) return;
    this.#pending = [];
    this.#revisions = [];
    this.#part = [];
  }

  /** Returns the rows of the leases that ended, with the revision of their groups after it, by batch. */
  read(): ReadonlyMap<number, ReadonlyMap<number, number>> {
    const batches = new Map<number, ReadonlyMap<number, number>>();
    for (const { batch, leases } of this.#statements.all(
      'SELECT batch, leases FROM ended_rows ORDER BY batch',
    ))
      batches.set(Number(batch), decodeEnds(leases as Uint8Array));
    return batches;
  }

  /** Takes over leases of a batch that `read` returned, whose rows are still in the file. */
  restore(number: number, leases: EndedLease[]): void {
    if (leases.length > 0) this.#batches.push({ number, leases });
    this.#lastBatch = number;
  }

  /** Returns the oldest batches, of which the present part has every lease. */
  #completeBatches(): readonly Batch[] {
    let left = this.#part.length;
    const first = this.#batches.findIndex(({ leases }) => {
      left -= leases.length;
      return left < 0;
    });
    return first === -1 ? [...this.#batches] : this.#batches.slice(0, first);
  }

  #delete(row: number): void {
    this.#statements.run('DELETE FROM held_leases WHERE id = ?', [row]);
  }

  #insert(): void {
    const bytes = encodeEnds(this.#pending, this.#revisions);
    this.#statements.run('INSERT INTO ended_rows VALUES (?, ?)', [this.#lastBatch + 1, bytes]);
  }
}
