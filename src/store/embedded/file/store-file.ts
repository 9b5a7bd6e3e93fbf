/**
 * The file of the embedded store: SQLite as the record of what the process holds in memory. Every batch is one
 * transaction, written before the batch has its results, so that results that a client received survive a kill.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Log } from '../../../settings/log.ts';
import { StoreUnavailable } from '../../driver.ts';
import type { Tenant } from '../../leases.ts';
import {
  type DocumentRecord,
  type Entry,
  type GroupRecord,
  type LeaseRecord,
  memberCount,
  type OwnClock,
  payloadOf,
  type TenantRecord,
  type TopicRecord,
  type WatchRecord,
} from '../records.ts';
import { heldIn, type State } from '../state.ts';
import type { ChangeLog } from '../steps/change-log.ts';
import { makeCheckpoints, type SweepState } from './checkpoints.ts';
import { type ClockRecord, readClockRow } from './clock-row.ts';
import { closeDatabase, FileUnusable, openDatabase, unusableText } from './database.ts';
import { columnOf } from './deadline-column.ts';
import { EndedLeases } from './ended-leases.ts';
import { Renewals } from './renewals.ts';
import { restoreState } from './restore.ts';
import { prepareStatements, type Statements } from './statements.ts';

/** How far the clock may advance unwritten while nothing else changes, ms: after a kill leases expire later by that and a tick. */
const clockLagMs = 500;

export interface StoreFileOptions {
  readonly log: Pick<Log, 'warn'>;
  /** See `EmbeddedOptions.maxSlackMs`. */
  readonly maxSlackMs: number;
}

export class StoreFile implements ChangeLog {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #renewals: Renewals;
  readonly #ended: EndedLeases;
  /** Tells how a sweep left the store. Returns whether the log may have become due for its copy, which the next write makes. */
  readonly swept: (state: SweepState) => boolean;
  #lastLeaseRow = 0;
  #lastGroupRow = 0;
  #writes: (() => void)[] = [];
  /** Groups whose revision changed, each written once with a batch. */
  readonly #revised = new Map<GroupRecord, Tenant>();
  #clockWrittenMs = Number.NEGATIVE_INFINITY;
  #lagWrittenMs: number | undefined;

  /** Throws FileUnusable if the file cannot be opened or another process has it. */
  constructor(path: string, { log, maxSlackMs }: StoreFileOptions) {
    this.#path = path;
    this.#database = openDatabase(path, log);
    this.#statements = prepareStatements(this.#database);
    this.#renewals = new Renewals(this.#statements, maxSlackMs);
    this.#ended = new EndedLeases(this.#statements);
    this.swept = makeCheckpoints(this.#database);
  }

  /** Returns the clock as it was last written; undefined for a new file. Throws FileUnusable if the file is damaged. */
  readClock(): ClockRecord | undefined {
    return this.#read(() => readClockRow(this.#statements));
  }

  /**
   * Fills an empty state with what the file holds, every deadline `postponedMs` later: by how much the clock advanced while
   * no process had the file and no client could beat. Throws FileUnusable if the file is damaged.
   */
  restore(state: State, postponedMs: number): void {
    const tables = { statements: this.#statements, renewals: this.#renewals, ended: this.#ended };
    const { renewed, lastLeaseRow, lastGroupRow } = this.#read(() =>
      restoreState(tables, state, postponedMs),
    );
    this.#lastLeaseRow = lastLeaseRow;
    this.#lastGroupRow = lastGroupRow;
    if (postponedMs > 0) this.#postpone(state, postponedMs, renewed);
  }

  leaseRenewed(lease: LeaseRecord): void {
    this.#renewals.renew(lease);
  }

  ttlChanged(lease: LeaseRecord): void {
    this.#renewals.write(lease);
  }

  leaseSet(lease: LeaseRecord): void {
    const { tenant, group, holder, epoch, ttlMs, deadlineMs, data } = lease;
    if (lease.row === 0) lease.row = this.#lastLeaseRow += 1;
    if (group.row === 0) group.row = this.#lastGroupRow += 1;
    const values = [lease.row, group.row, holder, epoch, ttlMs, deadlineMs, data];
    // A renewal in the file overrides the deadline of the row: an older one must not be the last.
    if (lease.writtenMs === 0) lease.writtenMs = deadlineMs;
    else this.#renewals.write(lease);
    this.#revised.set(group, tenant.name);
    this.#writes.push(() => {
      this.#run('INSERT OR REPLACE INTO held_leases VALUES (?, ?, ?, ?, ?, ?, ?)', values);
    });
  }

  leasesEnded(leases: readonly LeaseRecord[], revisions: readonly number[]): void {
    this.#ended.end(leases, revisions);
  }

  documentSet({ tenant, collection, key, version, deadlineMs, value }: DocumentRecord): void {
    this.#writes.push(() => {
      this.#run('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)', [
        ...[tenant.name, collection, key, version, columnOf(deadlineMs), value],
      ]);
    });
  }

  documentDeleted({ tenant, collection, key }: DocumentRecord): void {
    this.#writes.push(() => {
      this.#run('DELETE FROM documents WHERE tenant = ? AND collection = ? AND key = ?', [
        ...[tenant.name, collection, key],
      ]);
    });
  }

  entryAppended({ tenant, name, newest, deadlineMs }: TopicRecord, entry: Entry, oldest: bigint): void {
    this.#writes.push(() => {
      this.#run('INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?)', [
        ...[tenant.name, name, newest, columnOf(deadlineMs)],
      ]);
      this.#run('INSERT INTO entries VALUES (?, ?, ?, ?)', [
        ...[tenant.name, name, entry.position, payloadOf(entry)],
      ]);
      this.#run('DELETE FROM entries WHERE tenant = ? AND topic = ? AND position < ?', [
        ...[tenant.name, name, oldest],
      ]);
    });
  }

  topicDeleted({ tenant, name }: TopicRecord): void {
    this.#writes.push(() => {
      this.#run('DELETE FROM topics WHERE tenant = ? AND topic = ?', [tenant.name, name]);
      this.#run('DELETE FROM entries WHERE tenant = ? AND topic = ?', [tenant.name, name]);
    });
  }

  watchSet({ tenant, watched, name, deadlineMs }: WatchRecord): void {
    this.#writes.push(() => {
      this.#run('INSERT OR REPLACE INTO watches VALUES (?, ?, ?, ?)', [
        ...[tenant, watched, name, columnOf(deadlineMs)],
      ]);
    });
  }

  watchDeleted({ tenant, watched, name }: WatchRecord): void {
    this.#writes.push(() => {
      this.#run('DELETE FROM watches WHERE tenant = ? AND watched = ? AND name = ?', [
        ...[tenant, watched, name],
      ]);
    });
  }

  tenantDropped({ name, groups }: TenantRecord): void {
    for (const group of groups.values()) for (const lease of heldIn(group)) this.#ended.end([lease], [0]);
    this.#writes.push(() => {
      for (const table of ['documents', 'topics', 'entries'])
        this.#run(`DELETE FROM ${table} WHERE tenant = ?`, [name]);
    });
  }

  clockSet(tenant: Tenant, clock: OwnClock): void {
    this.#writes.push(() => {
      const { offsetMs, frozen, lastMicros } = clock;
      this.#run('INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?, ?)', [
        ...[tenant, Math.floor(offsetMs), frozen && Math.floor(frozen.leaseMs)],
        ...[frozen && Math.floor(frozen.dateMs), lastMicros],
      ]);
    });
  }

  clockRemoved(tenant: Tenant): void {
    this.#writes.push(() => this.#run('DELETE FROM clocks WHERE tenant = ?', [tenant]));
  }

  /** Makes the next flush write the clock, however little it advanced. */
  clockChanged(): void {
    this.#clockWrittenMs = Number.NEGATIVE_INFINITY;
  }

  /** Writes all changes since the last call, in one transaction. Throws StoreUnavailable if that fails. */
  flush(state: State): void {
    const advancedMs = state.clock.leaseMs - this.#clockWrittenMs;
    const hasChanges = this.#writes.length > 0 || !this.#renewals.isEmpty || !this.#ended.isEmpty;
    if (!hasChanges && advancedMs < clockLagMs && advancedMs >= 0) return;
    this.#renewals.prepare(state);
    this.#transaction(state, () => {
      for (const write of this.#writes) write();
      for (const { tenant, group } of this.#ended.write()) this.#revised.set(group, tenant.name);
      this.#writeGroups(state);
      this.#renewals.insert();
    });
    this.#writes = [];
    this.#revised.clear();
    this.#renewals.inserted();
    this.#ended.written();
  }

  /** Whether rows of leases that ended are still in the file. */
  get isUntidy(): boolean {
    return this.#ended.hasRows;
  }

  /** Makes the next flush delete rows of leases that ended. */
  tidy(): void {
    this.#ended.tidy();
  }

  /** Forgets the changes since the last write that succeeded: they were reverted. */
  discard(): void {
    this.#writes = [];
    this.#revised.clear();
    this.#renewals.discard();
    this.#ended.discard();
  }

  /** Writes the exact deadlines of all leases, which a kill would lose. Throws StoreUnavailable. */
  settle(state: State): void {
    this.#renewals.settle(state);
    this.flush(state);
  }

  close(): void {
    closeDatabase(this.#database);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      // Without the mark of a file that was closed: nothing more is written to a damaged one.
      this.#database.close();
      throw new FileUnusable(unusableText(this.#path, error as Error));
    }
  }

  #writeGroups({ tenants }: State): void {
    for (const [group, tenant] of this.#revised) {
      // A later group may have the same name, in another row. One whose members have all ended is granted with its row again, or removed.
      if (memberCount(group) > 0 && tenants.get(tenant)?.groups.get(group.name) === group)
        this.#run('INSERT OR REPLACE INTO lease_groups VALUES (?, ?, ?, ?)', [
          ...[group.row, tenant, group.name, group.revision],
        ]);
      else this.#run('DELETE FROM lease_groups WHERE id = ?', [group.row]);
    }
  }

  /** In one transaction with the clock: a process that is killed right after its start must not postpone twice. */
  #postpone(state: State, byMs: number, renewed: readonly LeaseRecord[]): void {
    this.#transaction(state, () => {
      for (const table of ['held_leases', 'documents', 'topics', 'watches']) {
        this.#run(`UPDATE ${table} SET deadline_ms = deadline_ms + ?`, [byMs]);
      }
      this.#renewals.rewrite(renewed);
    });
    this.#renewals.inserted();
  }

  /** Writes, and the clock as well. Throws StoreUnavailable if that fails; then nothing is written. */
  #transaction(state: State, write: () => void): void {
    const { leaseMs, wallMs, frozen, lagMs, aheadMs } = state.clock;
    try {
      this.#run('BEGIN');
      write();
      this.#run('INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?, ?, ?)', [
        ...[Math.floor(leaseMs), Math.floor(wallMs), frozen ? 1 : 0, state.sequence, state.lastMicros],
      ]);
      // It changes only when wall time does more than pass.
      if (lagMs !== this.#lagWrittenMs)
        this.#run('INSERT OR REPLACE INTO date VALUES (1, ?, ?)', [Math.floor(lagMs), Math.floor(aheadMs)]);
      this.#run('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#run('ROLLBACK');
      throw new StoreUnavailable(`${this.#path} cannot be written: ${(error as Error).message}`);
    }
    this.#clockWrittenMs = leaseMs;
    this.#lagWrittenMs = lagMs;
  }

  #run(sql: string, values?: Parameters<Statements['run']>[1]): void {
    this.#statements.run(sql, values);
  }
}
