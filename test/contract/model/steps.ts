/** The steps of a random history: each changes the model and the store alike. */
import fc from 'fast-check';
import {
  compare,
  defaultTtlMs,
  groupNames,
  holderNames,
  type Model,
  membersOf,
  type Real,
  record,
  remove,
} from './model.ts';

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

export const holder = fc.constantFrom(...holderNames);
const groups = fc.uniqueArray(fc.constantFrom(...groupNames), { minLength: 1 });
export const data = fc.constantFrom('{}', '{"mood":"ok"}', '[1,2]');

export const beat = fc
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

export const beatAll = holder.map(
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

export const release = fc.record({ holder, groups: fc.option(groups) }).map(
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

export const setData = fc
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

export const advance = fc.tuple(fc.constantFrom(1, 499, 500, 1_000, 4_000), fc.boolean()).map(
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

export const restart = fc.constant(
  new Step(
    'kill and restart',
    () => {},
    (real) => real.restart(),
  ),
);
