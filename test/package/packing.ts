/** Packs the project as it is published, for tests that install it. */
import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** Runs a command in a folder; returns what it prints. Throws if it fails. */
export function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
}

/** Copies what a fresh clone of this project holds: nothing installed, nothing built. */
export function copyClone(target: string): void {
  const skipped = new Set(['.git', 'node_modules', 'dist']);
  cpSync('.', target, { recursive: true, filter: (path) => !skipped.has(relative('.', path)) });
}

export interface Pack {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Runs `npm pack` in a folder. */
export function pack(cwd: string, ...args: string[]): Pack {
  const [packed] = JSON.parse(run(cwd, 'npm', 'pack', '--json', ...args)) as Pack[];
  if (packed === undefined) throw new Error('npm pack reports no package');
  return packed;
}

/** Packs a fresh clone into a folder. */
export function packClone(folder: string): Pack {
  const clone = join(folder, 'clone');
  copyClone(clone);
  // As `npm ci` leaves it.
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'), 'junction');
  return pack(clone, '--pack-destination', folder);
}

/** Options of `npm install` in a user's project. */
export const installOptions = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=dev'];
