/** Files of earlier versions. */
import type { DatabaseSync } from 'node:sqlite';
import { encodeEnds } from './ended-blob.ts';

const numbersPerRenewal = 3;
const numbersPerEnd = 2;

/** Moves what a file of an earlier version holds to the present tables. Within a transaction. */
export function convertEarlierLayouts(database: DatabaseSync): void {
  const has = (table: string): boolean =>
    database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined;
  if (has('leases')) convertLeasesByName(database);
  if (has('ended_leases')) convertEnds(database);
}

/** Leases that ended together were written as two numbers of eight bytes each. */
function convertEnds(database: DatabaseSync): void {
  const insert = database.prepare('INSERT INTO ended_rows VALUES (?, ?)');
  for (const { batch, leases } of database.prepare('SELECT batch, leases FROM ended_leases').all()) {
    const numbers = new Float64Array((leases as Uint8Array).slice().buffer);
    const ends = Array.from({ length: numbers.length / numbersPerEnd }, (_, at) => ({
      row: numbers[numbersPerEnd * at] ?? 0,
      revision: numbers[numbersPerEnd * at + 1] ?? 0,
    }));
    const revisions = ends.map(({ revision }) => revision);
    insert.run(Number(batch), encodeEnds(ends, revisions));
  }
  database.exec('DROP TABLE ended_leases');
}

/** A lease was found by its names instead of by its row. */
function convertLeasesByName(database: DatabaseSync): void {
  database.exec(`
    INSERT INTO lease_groups SELECT NULL, tenant, "group", revision FROM revisions;
    INSERT INTO held_leases
      SELECT NULL, lease_groups.id, holder, epoch, ttl_ms, deadline_ms, data FROM leases
      JOIN lease_groups ON lease_groups.tenant = leases.tenant AND lease_groups.name = leases."group" ORDER BY epoch;
  `);
  const renewals = readRenewals(database);
  const update = database.prepare('UPDATE held_leases SET ttl_ms = ?, deadline_ms = ? WHERE id = ?');
  if (renewals.size > 0) {
    for (const { id, epoch } of database.prepare('SELECT id, epoch FROM held_leases').all()) {
      const renewal = renewals.get(Number(epoch));
      if (renewal !== undefined) update.run(renewal.ttlMs, renewal.deadlineMs, Number(id));
    }
  }
  database.exec('DROP TABLE leases; DROP TABLE revisions; DROP TABLE renewals');
}

/** Returns the last renewal of each lease by its epoch. */
function readRenewals(database: DatabaseSync): Map<number, { ttlMs: number; deadlineMs: number }> {
  const renewals = new Map<number, { ttlMs: number; deadlineMs: number }>();
  for (const { leases } of database.prepare('SELECT leases FROM renewals ORDER BY batch').all()) {
    const numbers = new Float64Array((leases as Uint8Array).slice().buffer);
    for (let at = 0; at < numbers.length; at += numbersPerRenewal) {
      const [epoch = 0, ttlMs = 0, deadlineMs = 0] = numbers.subarray(at, at + numbersPerRenewal);
      renewals.set(epoch, { ttlMs, deadlineMs });
    }
  }
  return renewals;
}
