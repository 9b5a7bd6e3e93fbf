/** Random histories against a plain model: every driver, and the model, must returning the same story after every step. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Beat,
  type BeatResult,
  type Guard,
  leaseEventsTopic,
  type Store,
} from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

interface ModelLease {
  readonly holder: string;
  ttlMs: number;
  deadlineMs: number;
  data: string | null;
}

interface Model {
  nowMs: number;
  /** Members in the order of their grants. */
  readonly groups: Map<string, ModelLease[]>;
  readonly events: Map<string, string[]>;
}

interface Real {
  tenant: string;
  node: Node;
  readonly restart: () => Promise<void>;
}

const groupNames = ['1:a', 'a', 'é'];
const holderNames = ['ann', ':ann', 'cid', 'dee'];
const defaultTtlMs = 3_000;

/** More look longer for what few do not find. */
const runs = Number(process.env.MODEL_RUNS ?? 60);
/** Ms. */
const timeout = runs * 2_000;

const membersOf = (model: Model, group: string): ModelLease[] => {
  const members = model.groups.get(group) ?? [];
  model.groups.set(group, members);
  return members;
};

const record = (model: Model, group: string, type: string, lease: ModelLease): void => {
  const events = model.events.get(group) ?? [];
  model.events.set(group, events);
  events.push(`${type} ${lease.holder} ${membersOf(model, group).length} ${lease.data}`);
};

const remove = (model: Model, group: string, type: string, lease: ModelLease): void => {
  const members = membersOf(model, group);
  members.splice(members.indexOf(lease), 1);
  record(model, group, type, lease);
};

/** What the driver must show: members with their data and time left, in order, and every event so far. */
async function compare(model: Model, { tenant, node: { store } }: Real): Promise<void> {
  for (const group of groupNames) {
    const { leases, count } = await store.members({ tenant, group, offset: 0, limit: 100 });
    const expected = membersOf(model, group);
    expect(
      leases.map(({ holder, ttlMs, remainingMs, data }) => ({ holder, ttlMs, remainingMs, data })),
    ).toEqual(
      expected.map(({ holder, ttlMs, deadlineMs, data }) => ({
        holder,
        ttlMs,
        remainingMs: deadlineMs - model.nowMs,
        data,
      })),
    );
    expect(count).toBe(expected.length);
    expect(inAnyOrderOfExpiry(await eventsOf(store, tenant, group))).toEqual(
      inAnyOrderOfExpiry(model.events.get(group) ?? []),
    );
  }
  for (const holder of holderNames) {
    expect(await store.groupsOf({ tenant, holder })).toEqual(
      groupNames.filter((group) => membersOf(model, group).some((lease) => lease.holder === holder)),
    );
  }
}

/** Leases with one deadline may expire in any order: of expiries in a row only who and how many must agree. */
function inAnyOrderOfExpiry(events: readonly string[]): unknown[] {
  const runs: { readonly holders: string[]; readonly counts: string[] }[] = [];
  const told: unknown[] = [];
  for (const event of events) {
    const [type, holder = '', count = '', data] = event.split(' ');
    if (type !== 'expired') {
      told.push(event);
      continue;
    }
    if (told.length === 0 || told.at(-1) !== runs.at(-1)) {
      const run = { holders: [], counts: [] };
      runs.push(run);
      told.push(run);
    }
    runs.at(-1)?.holders.push(`${holder} ${data}`);
    runs.at(-1)?.holders.sort();
    runs.at(-1)?.counts.push(count);
  }
  return told;
}

async function watchAll(store: Store, tenant: string): Promise<void> {
  await store.watchEvents({ tenant, groups: groupNames, prefixes: [], forMs: 24 * 3_600_000 });
}

async function eventsOf(store: Store, tenant: string, group: string): Promise<string[]> {
  const entries = await store.readTopics({
    tenant,
    topics: [{ topic: leaseEventsTopic(group), after: 0n }],
    limit: 1_000,
  });
  return entries.map(({ payload }) => {
    const { type, holder, count, data } = JSON.parse(Buffer.from(payload).toString());
    return `${type} ${holder} ${count} ${data}`;
  });
}

class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #onModel: (model: Model) => void;
  readonly #onReal: (real: Real) => Promise<void>;

  constructor(name: string, onModel: (model: Model) => void, onReal: (real: Real) => Promise<void>) {
    this.#name = name;
    this.#onModel = onModel;
    this.#onReal = onReal;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    this.#onModel(model);
    await this.#onReal(real);
    await compare(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

const holder = fc.constantFrom(...holderNames);
const groups = fc.uniqueArray(fc.constantFrom(...groupNames), { minLength: 1 });
const data = fc.constantFrom('{}', '{"mood":"ok"}', '[1,2]');

const beat = fc
  .record({
    holder,
    groups,
    ttlMs: fc.option(fc.constantFrom(500, 1_000, 5_000)),
    data: fc.option(data),
    grant: fc.boolean(),
  })
  .map(
    (ask) =>
      new Step(
        `beat ${JSON.stringify(ask)}`,
        (model) => {
          for (const group of ask.groups) {
            const members = membersOf(model, group);
            const lease = members.find((member) => member.holder === ask.holder);
            if (lease === undefined) {
              if (!ask.grant) continue;
              const ttlMs = ask.ttlMs ?? defaultTtlMs;
              const granted = { holder: ask.holder, ttlMs, deadlineMs: model.nowMs + ttlMs, data: ask.data };
              members.push(granted);
              record(model, group, 'granted', granted);
              continue;
            }
            lease.ttlMs = ask.ttlMs ?? lease.ttlMs;
            lease.deadlineMs = model.nowMs + lease.ttlMs;
            if (ask.data !== null && ask.data !== lease.data) {
              lease.data = ask.data;
              record(model, group, 'changed', lease);
            }
          }
        },
        async ({ tenant, node }) => {
          await node.store.beat({
            tenant,
            holder: ask.holder,
            groups: ask.groups.map((group) => ({ group, ...(ask.data === null ? {} : { data: ask.data }) })),
            grant: ask.grant,
            defaultTtlMs,
            ...(ask.ttlMs === null ? {} : { ttlMs: ask.ttlMs }),
          });
        },
      ),
  );

const beatAll = holder.map(
  (name) =>
    new Step(
      `beat ${name} everywhere`,
      (model) => {
        for (const members of model.groups.values()) {
          const lease = members.find((member) => member.holder === name);
          if (lease !== undefined) lease.deadlineMs = model.nowMs + lease.ttlMs;
        }
      },
      async ({ tenant, node }) => {
        await node.store.beat({ tenant, holder: name, grant: true });
      },
    ),
);

const release = fc.record({ holder, groups: fc.option(groups) }).map(
  (ask) =>
    new Step(
      `release ${JSON.stringify(ask)}`,
      (model) => {
        for (const group of ask.groups ?? groupNames) {
          const lease = membersOf(model, group).find((member) => member.holder === ask.holder);
          if (lease !== undefined) remove(model, group, 'released', lease);
        }
      },
      async ({ tenant, node }) => {
        await node.store.release({
          tenant,
          holder: ask.holder,
          ...(ask.groups === null ? {} : { groups: ask.groups }),
        });
      },
    ),
);

const setData = fc
  .record({ holder, group: fc.constantFrom(...groupNames), data: fc.option(data), emitEvent: fc.boolean() })
  .map(
    (ask) =>
      new Step(
        `set data ${JSON.stringify(ask)}`,
        (model) => {
          const lease = membersOf(model, ask.group).find((member) => member.holder === ask.holder);
          if (lease === undefined || lease.data === ask.data) return;
          lease.data = ask.data;
          if (ask.emitEvent) record(model, ask.group, 'changed', lease);
        },
        async ({ tenant, node }) => {
          await node.store.setData({ tenant, ...ask });
        },
      ),
  );

const advance = fc.tuple(fc.constantFrom(1, 499, 500, 1_000, 4_000), fc.boolean()).map(
  ([advanceMs, isOwn]) =>
    new Step(
      `advance ${isOwn ? 'the tenant' : 'all'} by ${advanceMs}`,
      (model) => {
        model.nowMs += advanceMs;
        for (const [group, members] of model.groups) {
          const due = members.filter(({ deadlineMs }) => deadlineMs <= model.nowMs);
          // The driver takes them in the order of their deadlines; of equal ones, any order is right.
          due.sort((a, b) => a.deadlineMs - b.deadlineMs);
          for (const lease of due) remove(model, group, 'expired', lease);
        }
      },
      async ({ node, tenant }) => {
        await node.store.advanceClock(advanceMs, isOwn ? tenant : undefined);
      },
    ),
);

const restart = fc.constant(
  new Step(
    'kill and restart',
    () => {},
    (real) => real.restart(),
  ),
);

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

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function storeModel(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('a plain model', () => testModel(traits, open));
}

function testModel(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });

  it('behaves as a plain model, whatever the history', { timeout }, async () => {
    const steps = [beat, beat, beatAll, release, setData, advance, ...(traits.survivesKill ? [restart] : [])];
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), async (history) => {
        const nodes: Node[] = [];
        const openNode = async (): Promise<Node> => {
          const node = await backend.node();
          nodes.push(node);
          return node;
        };
        const real: Real = {
          tenant: `model/${randomUUID()}`,
          node: await openNode(),
          async restart() {
            await backend.restart?.();
            real.node = await openNode();
          },
        };
        try {
          await real.node.store.freezeClock();
          await watchAll(real.node.store, real.tenant);
          const model: Model = { nowMs: 0, groups: new Map(), events: new Map() };
          await fc.asyncModelRun(() => ({ model, real }), history);
        } finally {
          for (const { store } of nodes) await store.close().catch(() => {});
        }
      }),
      // fast-check prints the seed and the shortest history that still fails.
      { numRuns: runs },
    );
  });

  it('handles beats of one batch as it handles them one after the other', {
    timeout,
  }, async () => {
    const node = await backend.node();
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
    /** What is told, and what is there afterwards. Nobody sweeps, so that beats find the dead. */
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
      { numRuns: runs },
    );
    await store.close();
  });
}
