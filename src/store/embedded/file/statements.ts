/** Prepared statements of a database, each prepared at its first use. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface Row {
  readonly [column: string]: string | bigint | number | Uint8Array | null;
}

export type Value = string | number | bigint | Uint8Array | null;

export interface Statements {
  run(sql: string, values?: readonly Value[]): void;
  all(sql: string, values?: readonly string[]): Row[];
  /**
   * Returns the rows of a table in the order of their ids, each as the values of its columns, with numbers up to 2^53. The first column
   * is the id.
   */
  each(columns: string, table: string): Generator<readonly Value[], void>;
}

/** Positions of topics exceed 2^53. */
const readBigInts = true;
/** An object for each row of a large table takes longer than to read the row. */
const returnArrays = true;
/** Many at once are read faster than one by one; all of a large table would need much memory. */
const rowsPerRead = 1_024;

/** Returns a cache of statements for a database. */
export function prepareStatements(database: DatabaseSync): Statements {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statement.setReadBigInts(readBigInts);
      prepared.set(sql, statement);
    }
    return statement;
  };
  return {
    run(sql, values = []) {
      prepare(sql).run(...values);
    },
    *each(columns, table) {
      const statement = database.prepare(
        `SELECT ${columns} FROM ${table} WHERE id > ? ORDER BY id LIMIT ${rowsPerRead}`,
      );
      statement.setReturnArrays(returnArrays);
      let last: Value = 0;
      for (;;) {
        const rows = statement.all(last) as unknown as readonly Value[][];
        yield* rows;
        if (rows.length < rowsPerRead) return;
        last = rows.at(-1)?.[0] ?? null;
      }
    },
    all(sql, values = []) {
      return prepare(sql).all(...values) as Row[];
    },
  };
}
