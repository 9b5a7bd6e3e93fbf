/** One node with the embedded store on a file. */

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ttlMs } from '../clients/bench.ts';
import { nodeFaults } from './node-faults.ts';
import { startServerNode } from './server-node.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { type Fault, nodeArguments, type World, type WorldOptions } from './world.ts';

const diskMegabytes = 64;

/** Starts it. The file is on a small disk where that can be mounted. */
export async function startFileWorld({ folder, onError, onLine }: WorldOptions): Promise<World> {
  const disk = mountSmallDisk(folder, diskMegabytes);
  const file = join(disk?.folder ?? folder, 'store.db');
  const args = [...nodeArguments(ttlMs.pbx), '--data', file];
  const node = await startServerNode({ name: 'node', folder, args, onError, onLine }).catch(
    (error: Error) => {
      disk?.unmount();
      throw error;
    },
  );
  const faults: Fault[] = [...nodeFaults([node])];
  if (disk !== undefined) faults.push(fullDisk(disk));
  let shiftedUntilMs = 0;
  return {
    store: 'file',
    nodes: [node],
    faults,
    skipped: disk === undefined ? ['fill the disk: mounting a small file system needs root'] : [],
    hasTrueClock() {
      if (node.shiftMs !== 0) shiftedUntilMs = performance.now() + trustAfterMs;
      return performance.now() > shiftedUntilMs;
    },
    async close() {
      await node.close();
      disk?.unmount();
    },
  };
}

/** An event that arrives later than this after the clock was right again was recorded with the right time. */
const trustAfterMs = 20_000;

function fullDisk(disk: SmallDisk): Fault {
  return {
    // An outage of the file expires nothing, as no client can renew meanwhile.
    name: 'fill the disk',
    async run({ forMs }) {
      disk.fill();
      await pause(forMs + ttlMs.presence);
      disk.free();
    },
  };
}
