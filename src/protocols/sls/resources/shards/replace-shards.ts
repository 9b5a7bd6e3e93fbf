/** What changes the shards of a logstore: "SplitShard", "MergeShards", "DeleteShard". */
import { errors } from '../../wire/errors.ts';
import {
  forgetLogs,
  type Logstore,
  logstoreDocument,
  type ResourceContext,
  readLogstore,
  shardsOf,
  tenantOf,
} from '../logstores/logstores.ts';
import { type LogstoreShard, merge, split, withoutShard } from './shards.ts';

/** The shards that the split or merge was about, as the call answers them. */
export async function reshape(
  context: ResourceContext,
  project: string,
  logstore: string,
  shardId: string,
  change:
    | { readonly action: 'split'; readonly at: { readonly key: string } | { readonly count: number } }
    | { readonly action: 'merge' },
): Promise<readonly LogstoreShard[]> {
  for (;;) {
    const { value, version } = await readLogstore(context, project, logstore);
    const id = idOf(shardId);
    const now = context.nowSeconds();
    const { answer, ...shards } =
      change.action === 'split' ? split(value, id, change.at, now) : merge(value, id, now);
    // Those that take no more count too: each keeps its log.
    if (shards.shards.length > context.config.slsMaxShards) throw errors.shardQuota();
    if (await replaceLogstore(context, project, logstore, { ...value, ...shardsOf(shards) }, version)) {
      return answer;
    }
  }
}

/** A shard that takes no more goes, with its log. */
export async function deleteShard(
  context: ResourceContext,
  project: string,
  logstore: string,
  shardId: string,
): Promise<void> {
  for (;;) {
    const { value, version } = await readLogstore(context, project, logstore);
    const id = idOf(shardId);
    const shards = withoutShard(value, id);
    if (!(await replaceLogstore(context, project, logstore, { ...value, ...shardsOf(shards) }, version)))
      continue;
    await forgetLogs(
      context,
      project,
      value,
      value.shards.filter(({ shardID }) => shardID === id),
    );
    return;
  }
}

async function replaceLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
  value: Logstore,
  version: number,
): Promise<boolean> {
  const { committed } = await context.store.commit({
    tenant: tenantOf(project),
    writes: [{ ...logstoreDocument(logstore), version, value: JSON.stringify(value) }],
  });
  return committed;
}

function idOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw errors.parameterInvalid('invalid shard id');
  return Number(text);
}
