/** Programs that tests and checks run, and that npm does not install. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface NeededProgram {
  /** Who needs it, as errors name it. */
  readonly user: string;
  readonly program: string;
  /** With this argument the program prints its version and succeeds. */
  readonly versionFlag: string;
  /** The Debian packages that it comes with. */
  readonly packages: readonly string[];
  /** What to do elsewhere; follows `user`. */
  readonly advice: string;
}

/**
 * Makes sure that a program is on the PATH: installs its packages where this process is root on Debian. Throws one line
 * that says what to do.
 */
export function ensureProgram({ user, program, versionFlag, packages, advice }: NeededProgram): void {
  if (canRun(program, versionFlag)) return;
  const isDebian = /^ID(_LIKE)?=.*debian/m.test(readOrNothing('/etc/os-release'));
  if (!isDebian || process.getuid?.() !== 0) throw new Error(`${user} ${advice}`);
  try {
    try {
      apt('install', '-y', '--no-install-recommends', ...packages);
    } catch {
      apt('update');
      apt('install', '-y', '--no-install-recommends', ...packages);
    }
  } catch (error) {
    throw new Error(`${user} need ${program}, and apt-get could not install it: ${(error as Error).message}`);
  }
  if (!canRun(program, versionFlag)) {
    throw new Error(`apt-get installed ${packages.join(' and ')}, and ${program} still cannot be run`);
  }
}

function apt(...args: string[]): void {
  execFileSync('apt-get', args, {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

function canRun(program: string, versionFlag: string): boolean {
  try {
    execFileSync(program, [versionFlag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
