/** The calls that are under way, in the store. */
import type { DocumentWrite } from '../../../../store/store.ts';
import { documentKind, type Versioned } from '../../../kit/documents.ts';
import type { PbxStore } from '../../tenant.ts';
import { OpenCall } from './call.ts';

const calls = documentKind('calls', OpenCall);
/** A call without a further step ends without a trace after this long, on the lease clock. */
/** At the same time. */
export const maxOpenCalls = 1_000;
const ttlMs = 24 * 3_600_000;

export async function listCalls(store: PbxStore): Promise<OpenCall[]> {
  return (await calls.list(store, store.tenant)).map(({ value }) => value);
}

/** Returns undefined if no such call is open. */
export function readCall(store: PbxStore, callid: string): Promise<Versioned<OpenCall> | undefined> {
  return calls.read(store, store.tenant, callid);
}

/** Returns the write of a call over the version that was read; 0: it is new. `call` undefined: it is over. */
export function writeCall(callid: string, call: OpenCall | undefined, version: number): DocumentWrite {
  return call === undefined
    ? calls.write(callid, null, { version })
    : calls.write(callid, call, { version, ttlMs });
}
