/**
 * The embedded store's file: SQLite as the record of what the process holds in memory. Every batch is one transaction,
 * written before the batch is answered, so that what a client was told survives a kill.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type LeaseClock, startClock } from '../runtime/lease-clock.ts';
import { StoreUnavailable, type Tenant } from '../store.ts';
import { openDatabase } from './database.ts';
import { addHeld } from './holders.ts';
import {
  type ChangeLog,
  type DocumentRecord,
  type Entry,
  groupNamed,
  type LeaseRecord,
  never,
  payloadOf,
  type State,
  type TopicRecord,
  tenantOf,
} from './state.ts';

/**
 * How long the clock's readings may go unwritten while nothing else changes, ms: that much, and the time between two ticks,
 * later things may expire after a kill.
 */
const clockLagMs = 500;

/**
 * Renewals since they were last folded into the table of leases, at the most. They are by far the most frequent change and
 * touch rows all over the table; written as one blob a batch they cost a twentieth of that.
 */
const maxUnfolded = 4_096;

interface Row {
  readonly [column: string]: string | bigint | number | Uint8Array | null;
}

export class StoreFile implements ChangeLog {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #changes: (() => void)[] = [];
  #renewed = new Set<LeaseRecord>();
  #unfolded = new Set<LeaseRecord>();
  #unfoldedRenewals = 0;
  #clockWrittenMs = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.#database = openDatabase(path);
  }

  /** The clock as it was last written, and where the sequences stood; undefined for a new file. */
  readClock(): { clock: LeaseClock; sequence: number; lastMicros: number } | undefined {
    const row = this.#all('SELECT * FROM clock')[0];
    if (row === undefined) return undefined;
    return {
      clock: { leaseMs: Number(row.lease_ms), wallMs: Number(row.wall_ms), frozen: Number(row.frozen) === 1 },
      sequence: Number(row.sequence),
      lastMicros: Number(row.last_micros),
    };
  }

  /**
   * Fills an empty state with what the file remembers, every deadline `postponedMs` later: by what its clock advanced while
   * no process had the file, and nobody could beat.
   */
  restore(state: State, postponedMs: number): void {
    const renewals = this.#readRenewals();
    for (const row of this.#all('SELECT * FROM revisions')) {
      const group = groupNamed(String(row.group));
      group.revision = Number(row.revision);
      tenantOf(state, String(row.tenant)).groups.set(group.name, group);
    }
    for (const row of this.#all('SELECT * FROM leases ORDER BY epoch')) {
      const tenant = tenantOf(state, String(row.tenant));
      const group = tenant.groups.get(String(row.group));
      if (group === undefined) continue;
      const epoch = Number(row.epoch);
      const renewal = renewals.get(epoch);
      const lease: LeaseRecord = {
        kind: 'lease',
        tenant,
        group,
        holder: String(row.holder),
        epoch,
        ttlMs: renewal?.ttlMs ?? Number(row.ttl_ms),
        data: row.data === null ? null : String(row.data),
        deadlineMs: (renewal?.deadlineMs ?? Number(row.deadline_ms)) + postponedMs,
        dueMs: 0,
        slot: -1,
      };
      group.members.set(lease.holder, lease);
      addHeld(tenant.holders, lease);
      tenant.leases += 1;
      state.due.watch(lease);
      if (renewal !== undefined) this.#unfolded.add(lease);
    }
    for (const row of this.#all('SELECT * FROM documents')) {
      const tenant = tenantOf(state, String(row.tenant));
      const document: DocumentRecord = {
        kind: 'document',
        tenant,
        collection: String(row.collection),
        key: String(row.key),
        version: Number(row.version),
        value: String(row.value),
        deadlineMs: deadlineOf(row) + postponedMs,
        dueMs: never,
        slot: -1,
      };
      const collection = tenant.collections.get(document.collection) ?? new Map<string, DocumentRecord>();
      tenant.collections.set(document.collection, collection.set(document.key, document));
      tenant.documents += 1;
      if (document.deadlineMs !== never) state.due.watch(document);
    }
    for (const row of this.#all('SELECT * FROM topics')) {
      const tenant = tenantOf(state, String(row.tenant));
      const name = String(row.topic);
      const entries = this.#all(
        'SELECT position, payload FROM entries WHERE tenant = ? AND topic = ? ORDER BY position',
        [tenant.name, name],
      );
      const topic: TopicRecord = {
        kind: 'topic',
        tenant,
        name,
        entries: entries.map(({ position, payload }) => ({
          position: position as bigint,
          payload: payload as Uint8Array,
        })),
        start: 0,
        newest: row.newest as bigint,
        bytes: entries.reduce((total, { payload }) => total + (payload as Uint8Array).length, 0),
        deadlineMs: deadlineOf(row) + postponedMs,
        dueMs: never,
        slot: -1,
      };
      tenant.topics.set(name, topic);
      if (topic.deadlineMs !== never) state.due.watch(topic);
    }
    if (postponedMs > 0) this.#postpone(state, postponedMs);
  }

  renewed(lease: LeaseRecord): void {
    this.#renewed.add(lease);
  }

  lease(lease: LeaseRecord, held: boolean): void {
    const { tenant, group, holder, epoch, ttlMs, deadlineMs, data } = lease;
    const { name, revision } = group;
    // An older renewal of the same lease must not win over this deadline when the file is read again.
    if (held) this.#renewed.add(lease);
    else {
      this.#renewed.delete(lease);
      this.#unfolded.delete(lease);
    }
    const empty = group.members.size === 0;
    this.#changes.push(() => {
      if (held) {
        this.#run('INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)', [
          ...[tenant.name, name, holder, epoch, revision, ttlMs, deadlineMs, data],
        ]);
      } else {
        this.#run('DELETE FROM leases WHERE tenant = ? AND "group" = ? AND holder = ?', [
          tenant.name,
          name,
          holder,
        ]);
      }
      if (empty) this.#run('DELETE FROM revisions WHERE tenant = ? AND "group" = ?', [tenant.name, name]);
      else this.#run('INSERT OR REPLACE INTO revisions VALUES (?, ?, ?)', [tenant.name, name, revision]);
    });
  }

  document({ tenant, collection, key, version, deadlineMs, value }: DocumentRecord, kept: boolean): void {
    this.#changes.push(() => {
      if (kept) {
        this.#run('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)', [
          ...[tenant.name, collection, key, version, columnOf(deadlineMs), value],
        ]);
      } else {
        this.#run('DELETE FROM documents WHERE tenant = ? AND collection = ? AND key = ?', [
          tenant.name,
          collection,
          key,
        ]);
      }
    });
  }

  appended({ tenant, name, newest, deadlineMs }: TopicRecord, entry: Entry, trimmed: bigint): void {
    this.#changes.push(() => {
      this.#run('INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?)', [
        tenant.name,
        name,
        newest,
        columnOf(deadlineMs),
      ]);
      this.#run('INSERT INTO entries VALUES (?, ?, ?, ?)', [
        tenant.name,
        name,
        entry.position,
        payloadOf(entry),
      ]);
      this.#run('DELETE FROM entries WHERE tenant = ? AND topic = ? AND position < ?', [
        tenant.name,
        name,
        trimmed,
      ]);
    });
  }

  topicGone({ tenant, name }: TopicRecord): void {
    this.#changes.push(() => {
      this.#run('DELETE FROM topics WHERE tenant = ? AND topic = ?', [tenant.name, name]);
      this.#run('DELETE FROM entries WHERE tenant = ? AND topic = ?', [tenant.name, name]);
    });
  }

  dropped(tenant: Tenant): void {
    this.#changes.push(() => {
      for (const table of ['leases', 'revisions', 'documents', 'topics', 'entries']) {
        this.#run(`DELETE FROM ${table} WHERE tenant = ?`, [tenant]);
      }
    });
  }

  /** The clock was moved on purpose: that is written at the next flush, however small the step. */
  clockMoved(): void {
    this.#clockWrittenMs = Number.NEGATIVE_INFINITY;
  }

  /** Writes down everything since the last call, in one transaction. Throws StoreUnavailable if that fails. */
  flush(state: State): void {
    const idle = this.#changes.length === 0 && this.#renewed.size === 0;
    if (
      idle &&
      state.clock.leaseMs - this.#clockWrittenMs < clockLagMs &&
      state.clock.leaseMs >= this.#clockWrittenMs
    ) {
      return;
    }
    const fold = this.#unfoldedRenewals >= maxUnfolded;
    // If it fails, the changes stay in the list: memory and file meet again at the next write that succeeds.
    this.#transaction(state, () => {
      for (const change of this.#changes) change();
      if (fold) this.#fold();
      this.#writeRenewals();
    });
    if (fold) this.#forgetFolded();
    this.#changes = [];
    for (const lease of this.#renewed) this.#unfolded.add(lease);
    this.#unfoldedRenewals += this.#renewed.size;
    this.#renewed.clear();
  }

  /** In one step with the clock: a process that is killed right after its start must not postpone twice, nor in vain. */
  #postpone(state: State, byMs: number): void {
    this.#transaction(state, () => {
      for (const table of ['leases', 'documents', 'topics']) {
        this.#run(`UPDATE ${table} SET deadline_ms = deadline_ms + ?`, [byMs]);
      }
      // What was renewed has its deadline there, and a later one here.
      this.#fold();
    });
    this.#forgetFolded();
  }

  /** Writes, and the clock with it. Throws StoreUnavailable if that fails; then nothing is written. */
  #transaction(state: State, write: () => void): void {
    const { leaseMs, wallMs, frozen } = state.clock;
    try {
      this.#run('BEGIN', []);
      write();
      this.#run('INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?, ?, ?)', [
        ...[Math.floor(leaseMs), Math.floor(wallMs), frozen ? 1 : 0, state.sequence, state.lastMicros],
      ]);
      this.#run('COMMIT', []);
    } catch (error) {
      if (this.#database.isTransaction) this.#run('ROLLBACK', []);
      throw new StoreUnavailable(`the store's file cannot be written: ${(error as Error).message}`);
    }
    this.#clockWrittenMs = leaseMs;
  }

  close(): void {
    this.#database.close();
  }

  /** Adds a batch of renewals, three numbers each. */
  #writeRenewals(): void {
    if (this.#renewed.size === 0) return;
    const numbers = new Float64Array(this.#renewed.size * 3);
    let at = 0;
    for (const { epoch, ttlMs, deadlineMs } of this.#renewed) {
      numbers[at] = epoch;
      numbers[at + 1] = ttlMs;
      numbers[at + 2] = deadlineMs;
      at += 3;
    }
    this.#run('INSERT INTO renewals (leases) VALUES (?)', [new Uint8Array(numbers.buffer)]);
  }

  /** Puts the renewals of earlier batches where they belong. */
  #fold(): void {
    for (const { deadlineMs, ttlMs, tenant, group, holder, epoch } of this.#unfolded) {
      // By epoch too: a dropped tenant may have the same names again.
      this.#run(
        'UPDATE leases SET deadline_ms = ?, ttl_ms = ? WHERE tenant = ? AND "group" = ? AND holder = ? AND epoch = ?',
        [deadlineMs, ttlMs, tenant.name, group.name, holder, epoch],
      );
    }
    this.#run('DELETE FROM renewals', []);
  }

  #forgetFolded(): void {
    this.#unfolded.clear();
    this.#unfoldedRenewals = 0;
  }

  /** The last renewal of each lease, by its epoch. */
  #readRenewals(): Map<number, { ttlMs: number; deadlineMs: number }> {
    const renewals = new Map<number, { ttlMs: number; deadlineMs: number }>();
    for (const { leases } of this.#all('SELECT leases FROM renewals ORDER BY batch')) {
      const numbers = new Float64Array((leases as Uint8Array).slice().buffer);
      for (let at = 0; at < numbers.length; at += 3) {
        const [epoch = 0, ttlMs = 0, deadlineMs = 0] = numbers.subarray(at, at + 3);
        renewals.set(epoch, { ttlMs, deadlineMs });
      }
      this.#unfoldedRenewals += numbers.length / 3;
    }
    return renewals;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, values: readonly (string | number | bigint | Uint8Array | null)[]): void {
    this.#prepare(sql).run(...values);
  }

  #all(sql: string, values: readonly string[] = []): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }
}

/** What a new state begins with where there is no file, or an empty one. */
export function firstClock(wallMs: number): { clock: LeaseClock; sequence: number; lastMicros: number } {
  return { clock: startClock(wallMs), sequence: Math.floor(wallMs * 1_000), lastMicros: 0 };
}

function columnOf(deadlineMs: number): number | null {
  return deadlineMs === never ? null : deadlineMs;
}

function deadlineOf(row: Row): number {
  return row.deadline_ms === null ? never : Number(row.deadline_ms);
}
