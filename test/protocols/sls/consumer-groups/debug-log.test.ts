/** The debug lines of consumer groups: each step from a heartbeat to an assignment can be found by one phrase. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultConfig } from '../../../../src/config.ts';
import { updateCheckpoint } from '../../../../src/protocols/sls/consumer-groups/consumer-group-update-check-point.ts';
import { createGroup } from '../../../../src/protocols/sls/consumer-groups/create-consumer-group.ts';
import { heartbeat } from '../../../../src/protocols/sls/consumer-groups/heartbeat.ts';
import { makeSlsContext, type SlsContext } from '../../../../src/protocols/sls/context.ts';
import { createLogstore } from '../../../../src/protocols/sls/resources/logstores/logstore-store.ts';
import { createProject } from '../../../../src/protocols/sls/resources/projects/project.ts';
import { silentLog } from '../../../../src/settings/log.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../src/store/store.ts';

const ref = { project: 'p', logstore: 'logs', group: 'cg' };
let store: Store;
let context: SlsContext;
let lines: { readonly step: string; readonly fields: Readonly<Record<string, unknown>> }[];
let isDebugging: boolean;

beforeEach(async () => {
  store = createStore(openEmbeddedDriver());
  lines = [];
  isDebugging = true;
  const log = {
    ...silentLog,
    debug: (fields: Readonly<Record<string, unknown>>, step: string) => lines.push({ step, fields }),
    isLevelEnabled: () => isDebugging,
  };
  context = makeSlsContext({ store, log, wallMs: Date.now, randomBytes }, defaultConfig());
  await createProject(context, ref.project);
  await createLogstore(context, ref, { shardCount: 2 });
  await createGroup(context, ref, { consumerGroup: ref.group, timeout: 60 });
});
afterEach(() => store.close());

const beat = (held: readonly number[]) => heartbeat(context, ref, { consumer: 'ann', held, sentAt: 1_000 });

it('a heartbeat that joins shows the lease, then the assignment, with tenant, group and holder', async () => {
  await beat([]);
  expect(lines.map(({ step }) => step)).toEqual([
    'consumer lease renewed',
    'consumer lease renewed',
    'consumer group changed by a heartbeat',
  ]);
  const subject = { tenant: 'sls/p', group: 'logs/cg', holder: 'ann' };
  expect(lines.at(-1)?.fields).toMatchObject({ ...subject, held: [], owned: [0, 1] });
});

it('a refused heartbeat and a saved checkpoint are shown', async () => {
  await expect(beat([0])).rejects.toThrow('non-exist consumer');
  await beat([]);
  await updateCheckpoint(context, ref, { shard: 0, checkpoint: 'MQ==', consumer: 'ann', isForced: false });
  const steps = lines.map(({ step }) => step);
  expect(steps[0]).toBe('heartbeat refused: the consumer is not a member and reports shards');
  expect(steps.at(-1)).toBe('checkpoint saved');
});

it('nothing is written while debug lines are off', async () => {
  isDebugging = false;
  await beat([]);
  await beat([0, 1]);
  expect(lines).toEqual([]);
});
