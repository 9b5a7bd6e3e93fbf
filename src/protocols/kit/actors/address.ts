/** The addresses of actors: names in place of the address of a connection. Pure. */

/** `.invalid` never resolves (RFC 2606), and no connection has a name as its address. */
const domain = '.actor.invalid';

/** Returns the address of a client of an actor. */
export function actorAddress(id: string, client: number): string {
  return `${client}.${id}${domain}`;
}

/** Whether the address of a client is that of an actor: the server itself made the request. */
export function isActorAddress(address: string): boolean {
  return address.endsWith(domain);
}

/** Returns the id of the actor that has an address; undefined for an address of a connection. */
export function actorOf(address: string): string | undefined {
  return isActorAddress(address) ? address.slice(address.indexOf('.') + 1, -domain.length) : undefined;
}
