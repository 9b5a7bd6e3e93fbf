/** Records of finished calls: kept in a topic of their own, as many as the settings say, for applications to download. */
import type { Commit } from '../../../store/store.ts';
import { guard } from '../../kit/validate.ts';
import { type CallRecord, callRecord } from '../reports/call-record.ts';
import type { PbxStore } from '../tenant.ts';

const topic = 'callRecords';
const perRead = { limit: 500, maxBytes: 1_048_576 };
const isCallRecord = guard(callRecord.schema);

/** Returns the append that keeps a record. `keepEntries`: the oldest are dropped when there are more. */
export function keepCallRecord(
  record: CallRecord,
  keepEntries: number,
): NonNullable<Commit['appends']>[number] {
  return { topic, payload: Buffer.from(JSON.stringify(record)), keepEntries };
}

/** Returns the kept records that match, in the order in which the calls ended. */
export async function findCallRecords(
  store: PbxStore,
  matches: (record: CallRecord) => boolean,
): Promise<readonly CallRecord[]> {
  const found: CallRecord[] = [];
  for (let after = 0n; ; ) {
    const entries = await store.readTopics({ tenant: store.tenant, topics: [{ topic, after }], ...perRead });
    for (const { payload } of entries) {
      const record: unknown = JSON.parse(Buffer.from(payload).toString());
      if (isCallRecord(record) && matches(record)) found.push(record);
    }
    const last = entries.at(-1);
    if (last === undefined) return found;
    after = last.position;
  }
}
