/** What a node sends of its actors to another: bounded, since it passes through the store. Pure. */
import type { ActorDetails } from '../actor.ts';

/** Of what a node sends for one question, characters of JSON. */
const maxAnswer = 96 * 1_024;

/** Returns the first of some values, as many as fit into one answer; at least one. */
export function thatFit<T>(values: readonly T[]): T[] {
  const fitting: T[] = [];
  let size = 0;
  for (const value of values) {
    size += JSON.stringify(value).length;
    if (fitting.length > 0 && size > maxAnswer) break;
    fitting.push(value);
  }
  return fitting;
}

/** Returns an actor with as many of its clients as fit into one answer, and how many are left out. */
export function detailsThatFit(details: ActorDetails): ActorDetails {
  const clients = thatFit(details.clients);
  const left = details.clients.length - clients.length;
  return left === 0 ? details : { ...details, clients, clientsLeftOut: left };
}
