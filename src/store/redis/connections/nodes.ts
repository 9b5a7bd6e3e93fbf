/** The connections to the nodes of a cluster, by name. */
import { type Connection, type Endpoint, endpointName } from './connection.ts';

export interface Nodes {
  /** Returns the connection to the node; opens it if there is none. */
  open(endpoint: Endpoint): Connection;
  /** Opens connections to these nodes, and closes all others. */
  keep(endpoints: readonly Endpoint[]): void;
  readonly all: readonly Connection[];
}

export function openNodes(connect: (endpoint: Endpoint) => Connection): Nodes {
  const nodes = new Map<string, Connection>();
  const open = (endpoint: Endpoint): Connection => {
    const name = endpointName(endpoint);
    const connection = nodes.get(name) ?? connect(endpoint);
    nodes.set(name, connection);
    return connection;
  };
  return {
    open,
    keep(endpoints) {
      const names = new Set(endpoints.map(endpointName));
      for (const [name, connection] of nodes) {
        if (names.has(name)) continue;
        nodes.delete(name);
        connection.close();
      }
      for (const endpoint of endpoints) open(endpoint);
    },
    get all() {
      return [...nodes.values()];
    },
  };
}
