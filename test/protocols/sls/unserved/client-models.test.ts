/** Replies contain every member that the classes of the vendor's clients read. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  absentMembers,
  clientModels,
  type ModelName,
} from '../../../../src/protocols/sls/unserved/client-models.ts';
import { group, groups, logstore, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service);
});
afterEach(() => service.close());

/** Settings that a logstore shows only if they were set. */
const optional = {
  hot_ttl: 30,
  infrequentAccessTTL: 30,
  encrypt_conf: { enable: true, encrypt_type: 'default' },
  processorId: 'p',
  productType: 'x',
  enableModify: true,
  resourceGroupId: 'rg',
  shardingPolicy: { shardHash: { keys: ['k'] } },
  resourceQuota: { storage: { preserved: -1 } },
};

/** Returns what the service returns of a resource, over all calls that show it. */
async function shown(name: ModelName): Promise<readonly string[]> {
  const read = async (url: string) => (await service.call('GET', url)).json as object;
  switch (name) {
    case 'project':
      return Object.keys(await read('/'));
    case 'logstore':
      await service.call('PUT', logstore, { ...optional, ttl: 120 });
      return Object.keys({ ...(await read(logstore)), ...(await read(`${logstore}/meteringmode`)) });
    case 'shard':
      return Object.keys(Object.values(await read(`${logstore}/shards`))[0] ?? {});
    case 'consumer group':
      return Object.keys(Object.values(await read(groups))[0] ?? {});
    case 'checkpoint':
      return Object.keys(Object.values(await read(group))[0] ?? {});
  }
}

const cases = clientModels.flatMap(({ client, models }) =>
  Object.entries(models).map(([name, { members }]) => [client, name as ModelName, members] as const),
);

it.each(cases)('%s finds every member of a %s', async (_client, name, members) => {
  const there = new Set(await shown(name));
  const missing = members
    .split(' ')
    .filter((member) => !there.has(member) && absentMembers[member] === undefined);
  expect(missing).toEqual([]);
});
