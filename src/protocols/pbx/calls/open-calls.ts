/** Calls that are under way, in the store. */
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';
import { OpenCall } from './calls.ts';

const collection = 'calls';
/** A call that nobody goes on with is forgotten after so long on the lease clock. */
const lifeMs = 24 * 3_600_000;
const isOpenCall = TypeCompiler.Compile(OpenCall);

export async function listCalls(store: Store): Promise<OpenCall[]> {
  const documents = await store.listDocuments({ tenant, collection });
  return documents.flatMap(({ value }) => {
    const call: unknown = JSON.parse(value);
    return isOpenCall.Check(call) ? [call] : [];
  });
}

/** Undefined if no such call is open. */
export async function readCall(
  store: Store,
  callid: string,
): Promise<{ readonly call: OpenCall; readonly version: number } | undefined> {
  const [document] = await store.readDocuments({ tenant, documents: [{ collection, key: callid }] });
  const call: unknown = JSON.parse(document?.value ?? 'null');
  return isOpenCall.Check(call) ? { call, version: document?.version ?? 0 } : undefined;
}

/** `call` undefined: it is over. `version` 0: it is new. */
export function writeCall(callid: string, call: OpenCall | undefined, version: number): DocumentWrite {
  return {
    collection,
    key: callid,
    version,
    ...(call === undefined ? { value: null } : { value: JSON.stringify(call), ttlMs: lifeMs }),
  };
}
