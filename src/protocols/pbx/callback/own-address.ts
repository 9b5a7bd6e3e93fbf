/** The addresses that this server listens on: a report sent there comes back to it, and would keep its token alive for ever. */
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface OwnAddress {
  /** Returns whether a connection to an address and port would lead to this server; false until it listens. */
  has(address: string, port: number): boolean;
  /** Names the server, whose addresses are known once it listens. */
  listen(server: { addresses(): readonly (AddressInfo | string)[] }): void;
}

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export function makeOwnAddress(): OwnAddress {
  let addresses = (): readonly (AddressInfo | string)[] => [];
  return {
    listen(server) {
      addresses = () => server.addresses();
    },
    has(address, port) {
      const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
      const listening = addresses().filter(
        (own) => typeof own !== 'string' && own.port === port,
      ) as AddressInfo[];
      if (listening.length === 0) return false;
      if (listening.some((own) => own.address === plain)) return true;
      return listening.some((own) => wildcards.has(own.address)) && isOfThisMachine(plain);
    },
  };
}

function isOfThisMachine(address: string): boolean {
  const interfaces = Object.values(networkInterfaces()).flat();
  return address.startsWith('127.') || interfaces.some((known) => known?.address === address);
}
