/** The SQLite database of the embedded store: its tables, and the checks before it is used. */
import { closeSync, existsSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Log } from '../../../settings/log.ts';
import { convertEarlierLayouts } from './earlier-layout.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS clock (
    id INTEGER PRIMARY KEY CHECK (id = 1), lease_ms INTEGER, wall_ms INTEGER, frozen INTEGER, sequence INTEGER, last_micros INTEGER
  );
  CREATE TABLE IF NOT EXISTS lease_groups (id INTEGER PRIMARY KEY, tenant TEXT, name TEXT, revision INTEGER);
  CREATE TABLE IF NOT EXISTS held_leases (
    id INTEGER PRIMARY KEY, group_id INTEGER, holder TEXT, epoch INTEGER, ttl_ms INTEGER, deadline_ms INTEGER, data TEXT
  );
  CREATE TABLE IF NOT EXISTS lease_renewals (batch INTEGER PRIMARY KEY, leases BLOB);
  CREATE TABLE IF NOT EXISTS ended_rows (batch INTEGER PRIMARY KEY, leases BLOB);
  CREATE TABLE IF NOT EXISTS documents (
    tenant TEXT, collection TEXT, key TEXT, version INTEGER, deadline_ms INTEGER, value TEXT,
    PRIMARY KEY (tenant, collection, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS topics (
    tenant TEXT, topic TEXT, newest INTEGER, deadline_ms INTEGER, PRIMARY KEY (tenant, topic)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (
    tenant TEXT, topic TEXT, position INTEGER, payload BLOB, PRIMARY KEY (tenant, topic, position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS watches (
    tenant TEXT, watched TEXT, name TEXT, deadline_ms INTEGER, PRIMARY KEY (tenant, watched, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS date (id INTEGER PRIMARY KEY CHECK (id = 1), lag_ms INTEGER, ahead_ms INTEGER);
  CREATE TABLE IF NOT EXISTS clocks (
    tenant TEXT PRIMARY KEY, offset_ms INTEGER, lease_ms INTEGER, date_ms INTEGER, last_micros INTEGER
  ) WITHOUT ROWID;
`;

/** Identifies a file of this server among SQLite databases. */
const applicationId = 0x68_62_64_31;

/** Paths that SQLite does not take as the name of a file. */
const specialPath = /^(?::memory:$|file:)/;

/** The file cannot be used: it is in use by another process, not a database of this server, or not writable. */
export class FileUnusable extends Error {
  override readonly name = 'FileUnusable';
}

function isForeign(database: DatabaseSync): boolean {
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as {
    tables: number;
  };
  const { id } = database.prepare('SELECT application_id AS id FROM pragma_application_id').get() as {
    id: number;
  };
  return tables > 0 && id !== applicationId;
}

/** Describes why a file cannot be used, and what to do where there is something to do. */
export function unusableText(path: string, { message }: Error): string {
  if (/locked|busy/i.test(message)) return `${path} is in use by another process; several nodes need Redis`;
  const advice = /malformed|not a database|corrupt/i.test(message)
    ? '; restore it from a backup, or move it away to begin with an empty store'
    : '';
  return `${path} cannot be used as a store: ${message}${advice}`;
}

/**
 * Values of `user_version`. A process that ends without closing the file leaves `inUse` in it and, beside it, the write-ahead log
 * with the newest changes.
 */
const inUse = 1;
const closed = 0;

/** Warns if a file without a write-ahead log was not closed, as after a copy of the file alone. */
function warnOfMissingLog(database: DatabaseSync, path: string, log: Pick<Log, 'warn'>): void {
  const { version } = database.prepare('SELECT user_version AS version FROM pragma_user_version').get() as {
    version: number;
  };
  if (version === inUse)
    log.warn(
      { path },
      `store file was not closed and ${path}-wal is missing; the newest changes may be lost`,
    );
}

/** Closes a database that `openDatabase` opened. */
export function closeDatabase(database: DatabaseSync): void {
  try {
    database.exec(`PRAGMA user_version = ${closed}`);
  } catch {
    // The disk is full: everything that was acknowledged is in the file or its write-ahead log all the same.
  }
  database.close();
}

/** Opens the file; creates it if it does not exist. Throws FileUnusable. The caller closes the database. */
export function openDatabase(path: string, log: Pick<Log, 'warn'>): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Loaded here, as only a store on a file needs it.
    const sqlite = process.getBuiltinModule('node:sqlite');
    if (sqlite === undefined) throw new Error('this Node.js is built without node:sqlite');
    // Leases may be tokens: a new file, and those that SQLite puts beside it, are readable by their owner only.
    if (!specialPath.test(path)) closeSync(openSync(path, 'a', 0o600));
    database = new sqlite.DatabaseSync(path);
    // Exclusive, for a second process would not see what this one holds in memory.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const hasLog = existsSync(`${path}-wal`);
    if (isForeign(database)) throw new Error("it is another program's database");
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // In one transaction: tables without the number would be taken for another program's at the next start.
    database.exec(`BEGIN; ${schema}; PRAGMA application_id = ${applicationId}`);
    convertEarlierLayouts(database);
    database.exec('COMMIT');
    if (!hasLog) warnOfMissingLog(database, path, log);
    // In the file itself, not in the log whose absence it shows.
    database.exec(`PRAGMA user_version = ${inUse}; PRAGMA wal_checkpoint(TRUNCATE)`);
    return database;
  } catch (error) {
    database?.close();
    throw new FileUnusable(unusableText(path, error as Error));
  }
}
