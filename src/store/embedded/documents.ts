/** Documents, and the commit that changes them together with topics, in the embedded store. */
import type { Answer, Ask, Guard, StoredDocument, Tenant } from '../store.ts';
import {
  appendEntry,
  type DocumentRecord,
  forgetIfEmpty,
  leaseNow,
  never,
  nextInSequence,
  nextTimetoken,
  type State,
  tenantOf,
} from './state.ts';

const refused: Answer<'commit'> = { committed: false, versions: [], positions: [] };

function find(state: State, tenant: Tenant, collection: string, key: string): DocumentRecord | undefined {
  const document = state.tenants.get(tenant)?.collections.get(collection)?.get(key);
  if (document === undefined || document.deadlineMs === never) return document;
  return document.deadlineMs <= leaseNow(state) ? undefined : document;
}

export function guardsHold(state: State, tenant: Tenant, guards: readonly Guard[]): boolean {
  return guards.every(
    ({ collection, key, version }) => (find(state, tenant, collection, key)?.version ?? 0) === version,
  );
}

export function readDocuments(state: State, ask: Ask<'readDocuments'>): Answer<'readDocuments'> {
  return ask.documents.map(({ collection, key }) => {
    const document = find(state, ask.tenant, collection, key);
    return document === undefined ? null : storedDocument(document);
  });
}

export function listDocuments(state: State, ask: Ask<'listDocuments'>): Answer<'listDocuments'> {
  const now = leaseNow(state);
  return [...(state.tenants.get(ask.tenant)?.collections.get(ask.collection)?.values() ?? [])]
    .filter((document) => document.deadlineMs > now)
    .map(storedDocument)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function commit(state: State, ask: Ask<'commit'>): Answer<'commit'> {
  if (ask.guards !== undefined && !guardsHold(state, ask.tenant, ask.guards)) return refused;
  const writes = ask.writes ?? [];
  const current = ({ collection, key, version }: (typeof writes)[number]): boolean =>
    version === undefined || (find(state, ask.tenant, collection, key)?.version ?? 0) === version;
  if (!writes.every(current)) return refused;

  const tenant = tenantOf(state, ask.tenant);
  const versions = writes.map(({ collection: name, key, value, ttlMs }) => {
    let collection = tenant.collections.get(name);
    let document = collection?.get(key);
    if (value === null) {
      if (document === undefined) return 0;
      collection?.delete(key);
      if (collection?.size === 0) tenant.collections.delete(name);
      tenant.documents -= 1;
      state.due.forget(document);
      state.log.document(document, false);
      return 0;
    }
    if (collection === undefined) {
      collection = new Map();
      tenant.collections.set(name, collection);
    }
    if (document === undefined) {
      document = {
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
      collection.set(key, document);
      tenant.documents += 1;
    }
    document.version = nextInSequence(state);
    document.value = value;
    document.deadlineMs = ttlMs === undefined ? never : leaseNow(state) + ttlMs;
    if (document.deadlineMs === never) state.due.forget(document);
    else state.due.watch(document);
    state.log.document(document, true);
    return document.version;
  });
  const positions = (ask.appends ?? []).map(({ topic, also = [], payload, after, ...keeping }) => {
    const newest = tenant.topics.get(topic)?.newest;
    const position = after === undefined ? nextTimetoken(state) : (newest ?? after) + 1n;
    for (const name of [topic, ...also]) appendEntry(state, tenant, name, { position, payload }, keeping);
    return position;
  });
  forgetIfEmpty(state, tenant);
  return { committed: true, versions, positions };
}

function storedDocument(document: DocumentRecord): StoredDocument {
  return { key: document.key, version: document.version, value: document.value };
}
