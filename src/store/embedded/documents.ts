/** Documents in the embedded store, and the commit that changes them together with topics. */
import type { Input, Result } from '../commands.ts';
import type { DocumentWrite, StoredDocument } from '../documents.ts';
import type { DumpedDocument } from '../dumps.ts';
import type { Guard, Tenant } from '../leases.ts';
import { entryOverheadBytes } from '../limits.ts';
import { refusalOf } from './bounds.ts';
import { detach } from './detach.ts';
import { appendEvent } from './events/events.ts';
import type { DocumentRecord, TenantRecord } from './records.ts';
import { bytesOf, documentSize, newTopicSize } from './sizes.ts';
import {
  deleteIfEmpty,
  dueOf,
  leaseNow,
  never,
  nextInSequence,
  nextTimetoken,
  type State,
  tenantOf,
} from './state.ts';
import { appendEntry } from './topics.ts';

/** Throws TenantFull if the tenant has no room for a commit. */
function checkRoom(state: State, input: Input<'commit'>): void {
  const { tenant: name, writes = [], appends = [], isExempt } = input;
  const tenant = state.tenants.get(name);
  let bytes = 0;
  for (const { collection, key, value } of writes) {
    const document = tenant?.collections.get(collection)?.get(key);
    if (document !== undefined) bytes -= documentSize(document);
    if (value !== null) bytes += documentSize({ collection, key, value });
  }
  for (const { topic, also = [], payload } of appends) {
    for (const name of [topic, ...also]) {
      if (tenant?.topics.has(name) !== true) bytes += newTopicSize(name);
      bytes += entryOverheadBytes + payload.length;
    }
  }
  const refusal = refusalOf(state, { tenant: name, bytes, isExempt });
  if (refusal !== undefined) throw refusal;
}

const refused: Result<'commit'> = { committed: false, versions: [], positions: [] };

function find(state: State, tenant: Tenant, collection: string, key: string): DocumentRecord | undefined {
  const document = state.tenants.get(tenant)?.collections.get(collection)?.get(key);
  if (document === undefined || document.deadlineMs === never) return document;
  return document.deadlineMs <= leaseNow(state, tenant) ? undefined : document;
}

/** Returns whether every document has the version that its guard names. */
export function guardsHold(state: State, tenant: Tenant, guards: readonly Guard[]): boolean {
  return guards.every(
    ({ collection, key, version }) => (find(state, tenant, collection, key)?.version ?? 0) === version,
  );
}

/** Returns documents by name. */
export function readDocuments(state: State, input: Input<'readDocuments'>): Result<'readDocuments'> {
  return input.documents.map(({ collection, key }) => {
    const document = find(state, input.tenant, collection, key);
    return document === undefined ? null : storedDocument(document);
  });
}

/** Returns all documents of a collection, sorted by key. */
export function listDocuments(state: State, input: Input<'listDocuments'>): Result<'listDocuments'> {
  const now = leaseNow(state, input.tenant);
  return [...(state.tenants.get(input.tenant)?.collections.get(input.collection)?.values() ?? [])]
    .filter((document) => document.deadlineMs > now)
    .map(storedDocument)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Checks guards and versions, then writes and appends; changes nothing if one does not match. */
export function commit(state: State, input: Input<'commit'>): Result<'commit'> {
  if (input.guards !== undefined && !guardsHold(state, input.tenant, input.guards)) return refused;
  const writes = input.writes ?? [];
  const isCurrent = ({ collection, key, version }: DocumentWrite): boolean =>
    version === undefined || (find(state, input.tenant, collection, key)?.version ?? 0) === version;
  if (!writes.every(isCurrent)) return refused;

  const isBounded = input.isExempt !== true && state.maxTenantBytes !== never;
  if (isBounded || !state.tenants.has(input.tenant)) checkRoom(state, input);
  const tenant = tenantOf(state, input.tenant);
  const versions = writes.map((write) => {
    if (write.value !== null) return writeDocument(state, tenant, write, write.value);
    deleteDocument(state, tenant, write);
    return 0;
  });
  const positions = (input.appends ?? []).map(({ topic, also = [], payload, after, ...retention }) => {
    const newest = tenant.topics.get(topic)?.newest;
    const position = after === undefined ? nextTimetoken(state, tenant.name) : (newest ?? after) + 1n;
    for (const name of [topic, ...also]) {
      appendEntry(state, tenant, name, { entry: { position, payload, bytes: payload.length }, retention });
    }
    return position;
  });
  for (const { group, payload, ...retention } of input.events ?? []) {
    appendEvent(state, tenant, group, { payload, retention });
  }
  deleteIfEmpty(state, tenant);
  return { committed: true, versions, positions };
}

/** Returns the new version. */
function writeDocument(
  state: State,
  tenant: TenantRecord,
  { collection: name, key, ttlMs }: DocumentWrite,
  value: string,
): number {
  let document = tenant.collections.get(name)?.get(key);
  if (document === undefined) {
    const added: DocumentRecord = {
      kind: 'document',
      tenant,
      collection: name,
      key,
      version: 0,
      value,
      deadlineMs: never,
      dueMs: never,
      slot: -1,
    };
    document = added;
    addDocument(tenant, added);
    state.undo?.push(() => removeDocument(state, added));
  } else if (state.undo !== undefined) {
    const changed = document;
    const { version, value: oldValue, deadlineMs } = document;
    state.undo.push(() => {
      changed.tenant.bytes += bytesOf(oldValue) - bytesOf(changed.value);
      Object.assign(changed, { version, value: oldValue, deadlineMs });
      watchDocument(state, changed);
    });
  }
  document.version = nextInSequence(state);
  tenant.bytes += bytesOf(value) - bytesOf(document.value);
  document.value = value;
  document.deadlineMs = ttlMs === undefined ? never : leaseNow(state, tenant.name) + ttlMs;
  watchDocument(state, document);
  state.changes.documentSet(document);
  return document.version;
}

/** Adds a document as it is in a dump; the tenant has none of that name. */
export function loadDocument(
  state: State,
  tenant: TenantRecord,
  { collection, key, version, value, remainingMs }: DumpedDocument,
): void {
  const document: DocumentRecord = {
    ...{ kind: 'document', tenant, value },
    collection: detach(collection),
    key: detach(key),
    version: version === 0 ? nextInSequence(state) : version,
    deadlineMs: remainingMs === null ? never : leaseNow(state, tenant.name) + remainingMs,
    ...{ dueMs: never, slot: -1 },
  };
  addDocument(tenant, document);
  state.undo?.push(() => removeDocument(state, document));
  watchDocument(state, document);
  state.changes.documentSet(document);
}

function watchDocument(state: State, document: DocumentRecord): void {
  const due = dueOf(state, document.tenant.name);
  if (document.deadlineMs === never) due.remove(document);
  else due.watch(document);
}

function addDocument(tenant: TenantRecord, document: DocumentRecord): void {
  const collection = tenant.collections.get(document.collection) ?? new Map<string, DocumentRecord>();
  tenant.collections.set(document.collection, collection.set(document.key, document));
  tenant.documents += 1;
  tenant.bytes += documentSize(document);
}

/** Removes a document from memory, without a record of it. */
function removeDocument(state: State, document: DocumentRecord): void {
  const { tenant } = document;
  const collection = tenant.collections.get(document.collection);
  collection?.delete(document.key);
  if (collection?.size === 0) tenant.collections.delete(document.collection);
  tenant.documents -= 1;
  tenant.bytes -= documentSize(document);
  dueOf(state, tenant.name).remove(document);
}

/** Ends a document: it was deleted, or is due. */
export function endDocument(state: State, document: DocumentRecord): void {
  state.undo?.push(() => {
    addDocument(document.tenant, document);
    watchDocument(state, document);
  });
  removeDocument(state, document);
  state.changes.documentDeleted(document);
}

function deleteDocument(state: State, tenant: TenantRecord, { collection: name, key }: DocumentWrite): void {
  const document = tenant.collections.get(name)?.get(key);
  if (document !== undefined) endDocument(state, document);
}

function storedDocument(document: DocumentRecord): StoredDocument {
  return { key: document.key, version: document.version, value: document.value };
}
