/** The shapes of answers, and the id that each carries. */
import type { Logstore, Project } from '../resources/logstores/logstores.ts';
import type { LogstoreShard } from '../resources/shards/shards.ts';

/** The service names one; nothing here depends on it. */
const region = 'cn-hangzhou';

/**
 * 24 upper-case hex digits, the first eight of them the time, as the API reference's examples have it; then what tells
 * processes apart, and a count.
 */
export function makeRequestIds(nowSeconds: () => number, process: string): () => string {
  let count = 0;
  let second = 0;
  let head = '';
  return () => {
    const now = nowSeconds();
    if (now !== second) {
      second = now;
      head = `${now.toString(16).padStart(8, '0')}${process}`.toUpperCase();
    }
    count = (count + 1) % 0x1_0000_0000;
    return head + count.toString(16).toUpperCase().padStart(8, '0');
  };
}

/** All seven members: one SDK takes each for granted. Times are text here. */
export function projectJson(
  name: string,
  { description, createTime, lastModifyTime }: Project,
): Record<string, string> {
  return {
    projectName: name,
    status: 'Normal',
    owner: '',
    description,
    region,
    createTime: String(createTime),
    lastModifyTime: String(lastModifyTime),
  };
}

export function logstoreJson(
  logstoreName: string,
  { shards, id: _, nextShardId: __, ...settings }: Logstore,
): Record<string, unknown> {
  return {
    logstoreName,
    shardCount: shards.filter(({ status }) => status === 'readwrite').length,
    ...settings,
  };
}

/** As "ListShards", "SplitShard" and "MergeShards" show a shard. */
export function shardJson({ parents: _, ...shard }: LogstoreShard): Record<string, unknown> {
  return shard;
}
