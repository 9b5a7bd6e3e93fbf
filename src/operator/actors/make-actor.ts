/** Makes an actor from a request: checks it, and creates its clients. */
import type { ActorKit } from '../../protocols/kit/actors/actor-kit.ts';
import { actorAddress } from '../../protocols/kit/actors/address.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { describeUnknown } from '../../settings/nearest.ts';
import type { Tenant } from '../../store/store.ts';
import { durationMs } from '../duration.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { commonNames, type NewActor } from './actor.ts';
import type { ActorClient } from './client.ts';
import type { makeSend } from './send.ts';

/** Behaviour that every protocol has: the client makes no more turns. */
export const silent = 'silent';

export interface Actor {
  readonly id: string;
  /** Grows with each actor that is started. */
  readonly order: number;
  readonly startedMs: number;
  readonly protocol: string;
  readonly kit: ActorKit;
  readonly tenant: Tenant;
  readonly group: string;
  readonly name: string;
  behaviour: string;
  /** Interval between beats that was asked for, ms. */
  everyMs: number | undefined;
  readonly clients: readonly ActorClient[];
}

/** A protocol, as far as actors need it. */
export interface PlayedProtocol {
  readonly name: string;
  readonly actors?: ActorKit;
}

interface Making {
  readonly id: string;
  readonly order: number;
  readonly wanted: NewActor;
  readonly protocols: readonly PlayedProtocol[];
  readonly startedMs: number;
}

/** Returns an actor whose clients did nothing yet. Throws OperatorRefusal, and ActorRefused of the protocol. */
export function makeActor(
  { id, order, wanted, protocols, startedMs }: Making,
  sendFrom: (address: string, onLost: () => void) => ReturnType<typeof makeSend>,
): Actor {
  const { tenant, group = '', name = id, count, every } = wanted;
  const protocol = wanted.protocol ?? protocolOf(tenant);
  const owner = protocols.find((candidate) => candidate.name === protocol);
  if (owner === undefined) {
    const names = protocols.map((candidate) => candidate.name);
    throw new OperatorRefusal(400, `protocol: ${describeUnknown(protocol, names)}`);
  }
  if (protocolOf(tenant) !== protocol)
    throw new OperatorRefusal(400, `tenant: ${tenant} is not of ${protocol}; write ${protocol}/${tenant}`);
  const { actors: kit } = owner;
  if (kit === undefined) throw new OperatorRefusal(400, `protocol: ${protocol} has no actors`);
  const [usual = silent] = Object.keys(kit.behaviours);
  const { behaviour = usual } = wanted;
  const fields = Object.fromEntries(Object.entries(wanted).filter(([member]) => !commonNames.has(member)));
  checkBehaviour({ kit }, behaviour);
  checkFields({ kit, protocol }, fields);
  const names =
    count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
  const nextMs = behaviour === silent ? Number.POSITIVE_INFINITY : 0;
  const clients = names.map((clientName, index): ActorClient => {
    const address = actorAddress(id, index + 1);
    const role = { tenant, group, name: clientName, address };
    const send = sendFrom(address, () => {
      client.lost += 1;
    });
    const played = kit.create(role, { behaviour, fields }, send);
    const client: ActorClient = {
      ...{ name: clientName, played, nextMs },
      ...{ beats: 0, lost: 0, problem: undefined, turning: undefined, isLate: false },
    };
    return client;
  });
  const everyMs = every === undefined ? undefined : durationMs(every);
  return { id, order, startedMs, protocol, kit, tenant, group, name, behaviour, everyMs, clients };
}

/** Throws OperatorRefusal for a behaviour that the protocol does not have. */
export function checkBehaviour({ kit }: Pick<Actor, 'kit'>, behaviour: string): void {
  const names = Object.keys(kit.behaviours);
  if (!names.includes(behaviour))
    throw new OperatorRefusal(400, `behaviour: ${describeUnknown(behaviour, names)}`);
}

/** Throws OperatorRefusal for members that belong to actors of another protocol. */
export function checkFields({ kit, protocol }: Pick<Actor, 'kit' | 'protocol'>, fields: object): void {
  const foreign = Object.keys(fields).find((name) => !Object.hasOwn(kit.fields, name));
  if (foreign !== undefined)
    throw new OperatorRefusal(400, `${foreign}: actors of ${protocol} do not have it`);
}
