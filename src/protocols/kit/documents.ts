/** Typed access to the store's documents: parsed, checked against a schema, and written with the version that was read. */
import type { Static, TSchema } from '@sinclair/typebox';
import type { DocumentWrite, Store, Tenant } from '../../store/store.ts';
import { guard } from './validate.ts';

/** A document as read. `version` 0: there is none. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

/** How a document is written. Without `version`, whatever is there is replaced; 0 means that there must be none. */
export interface WriteOptions {
  readonly version?: number;
  /** Deadline on the lease clock, ms from now. Absent: none. */
  readonly ttlMs?: number;
}

/** One kind of document: a collection of the store whose values match a schema. */
export interface DocumentKind<T> {
  /** Returns undefined if there is no such document, or if it does not match the schema. */
  read(store: Store, tenant: Tenant, key: string): Promise<Versioned<T> | undefined>;
  /** Returns the documents asked for, in that order. */
  readMany(store: Store, tenant: Tenant, keys: readonly string[]): Promise<(Versioned<T> | undefined)[]>;
  /** Returns all documents of the collection, sorted by key; those that do not match the schema are left out. */
  list(store: Store, tenant: Tenant): Promise<({ readonly key: string } & Versioned<T>)[]>;
  /** Returns a write for `commit`; null deletes. */
  write(key: string, value: T | null, options?: WriteOptions): DocumentWrite;
  parse(text: string): T | undefined;
  readonly collection: string;
}

/** Declares a kind of document. */
export function documentKind<S extends TSchema>(collection: string, schema: S): DocumentKind<Static<S>> {
  return documentKinds(schema)(collection);
}

/** Declares kinds of documents that differ by their collection only, for collections whose names are made at run time. */
export function documentKinds<S extends TSchema>(schema: S): (collection: string) => DocumentKind<Static<S>> {
  const matches = guard(schema);
  const parse = (text: string): Static<S> | undefined => {
    const value: unknown = JSON.parse(text);
    return matches(value) ? value : undefined;
  };
  return (collection) => makeKind(collection, parse);
}

function makeKind<T>(collection: string, parse: DocumentKind<T>['parse']): DocumentKind<T> {
  const readMany: DocumentKind<T>['readMany'] = async (store, tenant, keys) => {
    const documents = keys.map((key) => ({ collection, key }));
    const found = keys.length === 0 ? [] : await store.readDocuments({ tenant, documents });
    return found.map((document) => {
      const value = document === null ? undefined : parse(document.value);
      return value === undefined || document === null ? undefined : { value, version: document.version };
    });
  };
  return {
    collection,
    parse,
    readMany,
    read: async (store, tenant, key) => (await readMany(store, tenant, [key]))[0],
    async list(store, tenant) {
      const documents = await store.listDocuments({ tenant, collection });
      return documents.flatMap(({ key, version, value: text }) => {
        const value = parse(text);
        return value === undefined ? [] : [{ key, version, value }];
      });
    },
    write: (key, value, { version, ttlMs } = {}) => ({
      collection,
      key,
      value: value === null ? null : JSON.stringify(value),
      ...(version === undefined ? {} : { version }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }),
  };
}
