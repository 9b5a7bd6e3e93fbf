/** The memory that a start takes and the server does not need afterwards. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** With more than this in use, most of it leases that a file kept, a collection would delay the start by more than it is worth, bytes. */
const largestHeap = 256 * 1024 * 1024;

/**
 * Gives memory that only the start needed back to the system: loading some hundred modules makes Node.js enlarge its space for short-lived
 * objects by tens of megabytes, which it keeps afterwards. Takes about 0.1 s, in which nothing else runs. Does nothing with more than
 * 256 MB in use: `usedBytes`, those of this process unless told.
 */
export function releaseStartMemory(usedBytes = getHeapStatistics().used_heap_size): void {
  if (usedBytes > largestHeap) return;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  // A collection of this flavor is the one that also makes that space smaller.
  collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
