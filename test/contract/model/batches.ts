/** Beats of one batch against the same beats one after the other. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Beat, type BeatResult, type Guard, leaseEventsTopic } from '../../../src/store/store.ts';
import type { Backend } from '../backend.ts';
import { groupNames, holderNames, watchAll } from './model.ts';
import { modelRuns, modelTimeoutMs } from './runs.ts';
import { data, holder } from './steps.ts';

/** Guards of a beat, of which the last one does not hold. */
const guardNames = ['a', 'b', 'stale'] as const;
const guardsOfBeat = fc.option(fc.subarray([...guardNames], { minLength: 1 }), { freq: 2 });

/** Beats that differ in names, data and guards only, as drivers like to take them together. */
const beatRun = fc
  .record({
    tenant: fc.constantFrom(0, 1),
    ttlMs: fc.option(fc.constantFrom(500, 1_000)),
    grant: fc.boolean(),
    returning: fc.constantFrom('state' as const, 'revision' as const, 'all' as const),
    // Which of the groups come with data; none: all groups that are held.
    withData: fc.option(fc.array(fc.boolean(), { minLength: 1, maxLength: groupNames.length })),
    beats: fc.array(
      fc.record({
        holder,
        order: fc.shuffledSubarray(groupNames, { minLength: groupNames.length }),
        data,
        guarded: guardsOfBeat,
      }),
      { minLength: 1, maxLength: 12, size: 'max' },
    ),
  })
  .map(({ tenant, ttlMs, grant, returning, withData, beats }) =>
    beats.map(({ holder, order, data, guarded }) => ({
      /** Which of two. */
      tenant,
      holder,
      grant,
      returning,
      ...(ttlMs === null ? {} : { ttlMs }),
      ...(guarded === null ? {} : { guarded }),
      ...(withData === null
        ? {}
        : {
            groups: withData.map((has, at) => ({ group: order[at] ?? '', ...(has ? { data } : {}) })),
          }),
    })),
  );

export function modelOfBatches(opened: () => Backend): void {
  it('handles beats of one batch as it handles them one after the other', {
    timeout: modelTimeoutMs,
  }, async () => {
    const node = await opened().node();
    const { store, driver } = node;
    /** Two that a driver may take in one batch. */
    const twoTenants = (): [string, string] => {
      const one = `batches/${randomUUID()}`;
      for (;;) {
        const other = `batches/${randomUUID()}`;
        if (driver.partitionOf(other) === driver.partitionOf(one)) return [one, other];
      }
    };
    type Asked = Omit<Beat, 'tenant' | 'guards'> & {
      readonly tenant: number;
      readonly guarded?: readonly (typeof guardNames)[number][];
    };
    /** Writes what guards are on; returns the guards, of two collections. */
    const writeGuarded = async (tenant: string): Promise<Record<(typeof guardNames)[number], Guard>> => {
      const documents = [
        { collection: 'one', key: 'a' },
        { collection: 'two', key: 'b' },
      ] as const;
      const writes = documents.map((document) => ({ ...document, value: '{}' }));
      const [a = 0, b = 0] = (await store.commit({ tenant, writes })).versions;
      return {
        a: { ...documents[0], version: a },
        b: { ...documents[1], version: b },
        stale: { ...documents[0], version: b },
      };
    };
    /** Returns the replies, and what is there afterwards. Nothing is swept, so that beats find dead leases. */
    const outcome = async (histories: readonly (readonly Asked[])[], atOnce: boolean) => {
      const tenants = twoTenants();
      const partition = driver.partitionOf(tenants[0]);
      for (const tenant of tenants) await watchAll(store, tenant);
      const guards = [await writeGuarded(tenants[0]), await writeGuarded(tenants[1])];
      const ask = ({ tenant, guarded, ...beat }: Asked): Promise<BeatResult> =>
        store.beat({
          tenant: tenants[tenant] ?? '',
          defaultTtlMs: 700,
          ...beat,
          ...(guarded === undefined
            ? {}
            : { guards: guarded.flatMap((name) => guards[tenant]?.[name] ?? []) }),
        });
      const story: unknown[] = [];
      for (const beats of histories) {
        await driver.claimSweep(partition, 'another owner', 60_000);
        const answers: BeatResult[] = [];
        if (atOnce) answers.push(...(await Promise.all(beats.map(ask))));
        else for (const beat of beats) answers.push(await ask(beat));
        for (const [at, { returning, groups }] of beats.entries()) {
          const leases = (answers[at]?.leases ?? []).map(({ group, state, data }) =>
            JSON.stringify([group, state, returning === 'all' ? data : '']),
          );
          story.push(answers[at]?.stale, groups === undefined ? leases.sort() : leases);
        }
        await driver.setClock(partition, { advanceMs: 400 });
      }
      for (const tenant of tenants) {
        for (const group of groupNames) {
          const { count, leases } = await store.members({ tenant, group, offset: 0, limit: 100 });
          story.push(count, ...leases.map(({ epoch, ...lease }) => lease));
          const topics = [{ topic: leaseEventsTopic(group), after: 0n }];
          for (const { payload } of await store.readTopics({ tenant, topics, limit: 10_000 })) {
            const { epoch, revision, atMs, ...event } = JSON.parse(Buffer.from(payload).toString());
            story.push(event);
          }
        }
        for (const holder of holderNames) story.push(await store.groupsOf({ tenant, holder }));
      }
      await driver.claimSweep(partition, 'another owner', 0);
      return story;
    };
    await store.freezeClock();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(beatRun, { minLength: 1, maxLength: 4 }).map((runs) => runs.flat()),
          { minLength: 1, maxLength: 4 },
        ),
        async (histories) => {
          expect(await outcome(histories, true)).toEqual(await outcome(histories, false));
        },
      ),
      { numRuns: modelRuns },
    );
    await store.close();
  });
}
