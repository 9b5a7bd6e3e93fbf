/** A file system of a few megabytes that can be filled: needs the right to mount, which root has. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  free(): void;
  unmount(): void;
}

const mounted = new Set<string>();
const unmount = (folder: string): void => {
  if (!mounted.delete(folder)) return;
  spawnSync('umount', ['-l', folder]);
};
process.once('exit', () => {
  for (const folder of mounted) unmount(folder);
});

/** Mounts it below a folder. Returns undefined where that is not allowed. */
export function mountSmallDisk(below: string, megabytes: number): SmallDisk | undefined {
  const folder = join(below, 'disk');
  mkdirSync(folder);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (status !== 0) return undefined;
  mounted.add(folder);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'w');
      try {
        // Smaller and smaller, to the last byte.
        for (let size = 65_536; size >= 1; size = Math.floor(size / 2))
          writeUntilFull(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount: () => unmount(folder),
  };
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
