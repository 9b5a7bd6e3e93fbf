/** Faults of server processes and of the network between them and their clients. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TcpProxy } from '../../tcp-proxy.ts';
import type { ServerNode } from './server-node.ts';
import type { Fault } from './world.ts';

/** Faults of any node, whatever its store. */
export function nodeFaults(nodes: readonly ServerNode[]): Fault[] {
  return [
    {
      name: 'kill a node',
      async run({ forMs, random }) {
        const node = random.pick(nodes);
        await node.end('SIGKILL');
        await pause(forMs);
        await node.start();
      },
    },
    {
      name: 'restart a node',
      async run({ random }) {
        const node = random.pick(nodes);
        await node.end('SIGTERM');
        await node.start();
      },
    },
    {
      name: 'stop a node (SIGSTOP)',
      async run({ forMs, random }) {
        const node = random.pick(nodes);
        node.freeze();
        await pause(forMs);
        node.thaw();
      },
    },
    ...clockFaults(nodes),
    ...networkFaults(
      'clients',
      nodes.map(({ proxy }) => proxy),
    ),
  ];
}

function clockFaults(nodes: readonly ServerNode[]): Fault[] {
  const step = (sign: 1 | -1): Fault['run'] => {
    return async ({ forMs, random }) => {
      const node = random.pick(nodes);
      const { shiftMs } = node;
      node.setClock(shiftMs + sign * random.between(10_000, 7_200_000));
      await pause(forMs);
      node.setClock(shiftMs);
    };
  };
  return [
    { name: 'set the clock forward, then back', forwardSteps: 1, run: step(1) },
    { name: 'set the clock back, then forward', forwardSteps: 1, run: step(-1) },
  ];
}

/** Faults of links, named after their other end. */
export function networkFaults(end: string, proxies: readonly TcpProxy[]): Fault[] {
  // Without its clients the server goes on; without the store it does not.
  const kept = end === 'clients' ? { keepsTime: true as const } : {};
  const faults: Fault[] = [
    {
      name: `cut the connections to ${end}`,
      async run({ random }) {
        random.pick(proxies).cut();
      },
    },
    {
      name: `refuse connections to ${end}`,
      async run({ forMs, random }) {
        const proxy = random.pick(proxies);
        proxy.refuse();
        proxy.cut();
        await pause(forMs);
        proxy.forward();
      },
    },
    {
      name: `slow network to ${end}`,
      async run({ forMs, random }) {
        const proxy = random.pick(proxies);
        proxy.delay(random.between(50, 600));
        await pause(forMs);
        proxy.delay(0);
      },
    },
    {
      name: `half-open connections to ${end}`,
      async run({ random }) {
        random.pick(proxies).halfOpen();
      },
    },
    {
      name: `blackhole to ${end}`,
      async run({ forMs, random }) {
        const proxy = random.pick(proxies);
        proxy.silence();
        proxy.halfOpen();
        await pause(forMs);
        proxy.forward();
      },
    },
  ];
  return faults.map((fault) => ({ ...fault, ...kept }));
}
