/** Consumers that the server simulates: they join a consumer group, read their shards and save checkpoints. */
import { type Static, Type } from '@sinclair/typebox';
import {
  type ActorKit,
  ActorRefused,
  type ActorRole,
  ActorTimeout,
  type Behaviour,
  type SendAsActor,
  type SimulatedClient,
} from '../../kit/actors/actor-kit.ts';
import { validator } from '../../kit/validate.ts';
import { projectOfTenant } from '../resources/projects/project.ts';
import { type ConsumerRef, makeConsumerCalls } from './consumer-calls.ts';
import { type HeldShard, readShard } from './read-shard.ts';

const fields = {
  timeout: ActorTimeout,
  from: Type.Optional(
    Type.Union([Type.Literal('begin'), Type.Literal('end')], {
      description: 'SLS: where a shard without a checkpoint is read from; default: begin',
    }),
  ),
  reads: Type.Optional(
    Type.Boolean({ description: 'SLS: whether logs are read and checkpoints saved; default: true' }),
  ),
  keepBeats: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 10_000,
      description: 'SLS, slow: beats that still report a revoked shard; default: 3',
    }),
  ),
  keepSeconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'SLS, slow: how long revoked shards are still reported, instead of keepBeats',
    }),
  ),
};
const Fields = Type.Object(fields, { additionalProperties: false });
type Fields = Static<typeof Fields>;
const checkFields = validator(Fields);

/** The region that stands for any. */
const region = 'cn-hangzhou';
const defaultTimeoutSeconds = 60;
const defaultKeepBeats = 3;
/** Part of the group's timeout after which a consumer beats again, as the vendor's libraries do. */
const beatsPerTimeout = 3;

/** Returns the consumers that the server simulates. The first of the base domains follows the project in their hosts. */
export function consumerActors([domain = 'localhost']: readonly string[]): ActorKit {
  const baseDomain = domain.replace('*', region);
  return {
    behaviours: {
      consumer: 'takes the shards that it is given, lets go of revoked ones at once, saves checkpoints',
      slow: 'keeps reporting a revoked shard for keepBeats beats, or for keepSeconds',
      greedy: 'never lets go of a shard',
      silent: 'stops beating: its lease ends, and its shards move',
    },
    fields,
    create(role, wanted, send) {
      return makeConsumer(refOf(role, baseDomain), role, wanted, send);
    },
  };
}

function refOf({ tenant, group }: ActorRole, baseDomain: string): ConsumerRef {
  const project = projectOfTenant(tenant);
  const [logstore = '', consumerGroup = '', ...more] = group.split('/');
  if (project === undefined) throw new ActorRefused(`tenant: ${tenant} is not sls/<project>`);
  if (logstore === '' || consumerGroup === '' || more.length > 0)
    throw new ActorRefused(`group: ${JSON.stringify(group)} is not <logstore>/<consumer group>`);
  return { host: `${project}.${baseDomain}`, logstore, consumerGroup };
}

function makeConsumer(
  ref: ConsumerRef,
  { group: leaseGroup, name }: ActorRole,
  wanted: Behaviour,
  send: SendAsActor,
): SimulatedClient {
  const calls = makeConsumerCalls(ref, name, send);
  const held = new Map<number, HeldShard>();
  let { behaviour } = wanted;
  let settings = parseFields(wanted.fields);
  let hasJoined = false;
  let everyMs = everyOf(settings.timeout ?? defaultTimeoutSeconds);

  const join = async (): Promise<string | undefined> => {
    const group = await calls.findOrCreateGroup(settings.timeout ?? defaultTimeoutSeconds);
    if (group === undefined) return undefined;
    if ('refusal' in group) return group.refusal;
    everyMs = everyOf(group.timeout);
    hasJoined = true;
    return undefined;
  };

  return {
    get everyMs() {
      return everyMs;
    },
    async turn(leaseMs) {
      const refusal = hasJoined ? undefined : await join();
      if (refusal !== undefined || !hasJoined) return refusal;
      const beat = await calls.beat([...held.keys()].sort((a, b) => a - b));
      if (beat === undefined) return undefined;
      if ('refusal' in beat) {
        // It is no member any more: it has lost its shards, and joins again with its next beat.
        held.clear();
        return beat.refusal;
      }
      applyReply(held, beat.owned, leaseMs, { behaviour, ...settings });
      if (settings.reads === false) return undefined;
      for (const id of beat.owned) {
        const shard = held.get(id);
        const problem =
          shard === undefined ? undefined : await readShard(calls, id, shard, settings.from ?? 'begin');
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    async behave(change) {
      behaviour = change.behaviour;
      settings = { ...settings, ...parseFields(change.fields) };
    },
    // No call says that a consumer leaves: it stops, and its lease ends.
    async leave() {},
    holds: (group, holder) => group === leaseGroup && holder === name,
    view: () => ({
      held: [...held.keys()].sort((a, b) => a - b),
      revoked: [...held].filter(([, { revoked }]) => revoked !== undefined).map(([id]) => id),
      shards: Object.fromEntries(
        [...held].map(([id, { logs, checkpoint = null }]) => [String(id), { logs, checkpoint }]),
      ),
    }),
  };
}

/** Applies a reply as the vendor's libraries do: shards that it does not list are revoked. */
function applyReply(
  held: Map<number, HeldShard>,
  owned: readonly number[],
  leaseMs: number,
  conduct: Conduct,
): void {
  for (const id of owned) {
    const known = held.get(id);
    if (known === undefined) held.set(id, { logs: 0, cursor: undefined, checkpoint: undefined });
    else known.revoked = undefined;
  }
  for (const [id, shard] of held) {
    if (owned.includes(id)) continue;
    shard.revoked = { sinceMs: shard.revoked?.sinceMs ?? leaseMs, beats: (shard.revoked?.beats ?? 0) + 1 };
    if (isReleased(shard.revoked, leaseMs, conduct)) held.delete(id);
  }
}

type Conduct = Fields & Pick<Behaviour, 'behaviour'>;

const everyOf = (timeoutSeconds: number): number => Math.floor((timeoutSeconds * 1_000) / beatsPerTimeout);

function parseFields(given: Behaviour['fields']): Fields {
  return checkFields(given, ({ path, message }) => new ActorRefused(`${path.slice(1)}: ${message}`));
}

/** Whether a revoked shard is not reported any more. */
function isReleased(
  { sinceMs, beats }: NonNullable<HeldShard['revoked']>,
  leaseMs: number,
  { behaviour, keepBeats = defaultKeepBeats, keepSeconds }: Conduct,
): boolean {
  if (behaviour === 'greedy') return false;
  if (behaviour !== 'slow') return true;
  return keepSeconds === undefined ? beats > keepBeats : leaseMs - sinceMs >= keepSeconds * 1_000;
}
