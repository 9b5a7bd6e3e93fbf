/** Consumers of the group `cg`, and the logs that they consume. */
import { expect } from 'vitest';
import { group, logstore, type Service, sampleGroup } from '../service.ts';

/** Calls of consumers; `service` returns the server that is running now. */
export function consumersOf(service: () => Service) {
  const beat = async (consumer: string, held: readonly number[] = []): Promise<string> => {
    const url = `${group}?type=heartbeat&consumer=${consumer}`;
    const { status, text, json } = await service().call('POST', url, held);
    return status === 200 ? text : `${status} ${(json as { errorCode: string }).errorCode}`;
  };
  const cursor = async (shard: number, from: string): Promise<string> => {
    const { json } = await service().call('GET', `${logstore}/shards/${shard}?type=cursor&from=${from}`);
    return (json as { cursor: string }).cursor;
  };
  return {
    /** Sends a heartbeat; returns the body of the reply, or the status and code of an error. */
    beat,
    cursor,
    put: () =>
      service().call('POST', `${logstore}/shards/lb`, sampleGroup, {
        headers: { 'content-type': 'application/x-protobuf', 'x-log-bodyrawsize': '58' },
      }),
    /** Saves a checkpoint at the beginning or the end of a shard. */
    async save(shard: number, from: 'begin' | 'end'): Promise<void> {
      const checkpoint = await cursor(shard, from);
      const url = `${group}?type=checkpoint&forceSuccess=true`;
      expect((await service().call('POST', url, { shard, checkpoint })).status).toBe(200);
    },
    split: (shard: number) => service().call('POST', `${logstore}/shards/${shard}?action=split&shardCount=2`),
    /** Sends three heartbeats; each reports what the reply before contained. Returns what the last reply contained. */
    async settle(consumer: string, held: readonly number[] = []): Promise<number[]> {
      let owned = [...held];
      for (let round = 0; round < 3; round += 1) {
        owned = JSON.parse(await beat(consumer, owned));
        await service().pass(1);
      }
      return owned;
    },
  };
}
