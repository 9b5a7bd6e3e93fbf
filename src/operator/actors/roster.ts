/** Which actors a process has, and whether it has room for more. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { maxActors, maxAllClients } from './actor.ts';
import type { Actor } from './make-actor.ts';

export interface Roster {
  readonly actors: Map<string, Actor>;
  /** Clients of actors that are being started, by id. */
  readonly starting: Map<string, number>;
  /** Returns an actor. Throws OperatorRefusal 404 for an unknown id. */
  known(this: void, id: string): Actor;
  /** Returns the actors of a tenant, or all. */
  ofTenant(tenant: string | undefined): readonly Actor[];
  /** Returns an id that no actor has. */
  freshId(): string;
  /** Throws OperatorRefusal 409 if an actor has the id, or if there are too many actors or clients for one of so many clients. */
  checkRoom(id: string, count: number): void;
}

/** Makes a roster without actors. `idPrefix`: begins the ids that are made here. */
export function makeRoster(idPrefix: string): Roster {
  const actors = new Map<string, Actor>();
  const starting = new Map<string, number>();
  let lastId = 0;
  const isTaken = (id: string): boolean => actors.has(id) || starting.has(id);
  return {
    actors,
    starting,
    known(id) {
      const actor = actors.get(id);
      if (actor === undefined) throw new OperatorRefusal(404, `no actor ${id}`);
      return actor;
    },
    ofTenant: (tenant) =>
      [...actors.values()].filter((actor) => tenant === undefined || actor.tenant === tenant),
    freshId() {
      do lastId += 1;
      while (isTaken(`${idPrefix}${lastId}`));
      return `${idPrefix}${lastId}`;
    },
    checkRoom(id, count) {
      if (isTaken(id)) throw new OperatorRefusal(409, `there is an actor ${id} already`);
      if (actors.size + starting.size >= maxActors)
        throw new OperatorRefusal(409, `there are ${maxActors} actors already; remove some first`);
      const counts = [...[...actors.values()].map(({ clients }) => clients.length), ...starting.values()];
      const all = counts.reduce((sum, each) => sum + each, 0);
      if (all + count > maxAllClients)
        throw new OperatorRefusal(
          409,
          `actors have ${all} clients already, and at most ${maxAllClients} in one process; remove some first`,
        );
    },
  };
}
