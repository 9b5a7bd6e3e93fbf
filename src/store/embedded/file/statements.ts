/** Prepared statements of a database, each prepared at its first use. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface Row {
  readonly [column: string]: string | bigint | number | Uint8Array | null;
}

export type Value = string | number | bigint | Uint8Array | null;

export interface Statements {
  run(sql: string, values?: readonly Value[]): void;
  all(sql: string, values?: readonly string[]): Row[];
  /** Returns the rows one by one, each as the values of its columns, with numbers up to 2^53. */
  each(sql: string): IterableIterator<readonly Value[]>;
}

/** Positions of topics exceed 2^53. */
const readBigInts = true;
/** An object for each row of a large table takes longer than to read the row. */
const returnArrays = true;

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
    each(sql) {
      const statement = database.prepare(sql);
      statement.setReturnArrays(returnArrays);
      return statement.iterate() as unknown as IterableIterator<readonly Value[]>;
    },
    all(sql, values = []) {
      return prepare(sql).all(...values) as Row[];
    },
  };
}
