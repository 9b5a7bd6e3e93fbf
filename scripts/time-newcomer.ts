/**
 * Does what a newcomer does, with a HOME of its own and nothing on the PATH but the system's programs, and says how long it takes: from the clone
 * to the first reply, and from the installed package to the first reply. Needs git and any Node.js with npm.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const home = mkdtempSync(join(tmpdir(), 'heartbeatd-newcomer-'));
const env = { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', NO_UPDATE_NOTIFIER: '1' };

function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Starts a server, sends a heartbeat when it listens, and stops it. */
async function firstReply(cwd: string, command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  try {
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      const url = /"url":"(http:[^"]+)"/.exec(printed)?.[1];
      if (url === undefined) continue;
      const reply = await fetch(`${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann`);
      return await reply.text();
    }
    throw new Error(`the server ended: ${printed}`);
  } finally {
    // npm starts the server in a process of its own.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  }
}

async function timed(what: string, limitSeconds: number, act: () => Promise<unknown>): Promise<void> {
  const sinceMs = performance.now();
  await act();
  const seconds = (performance.now() - sinceMs) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s (wanted: ${limitSeconds} s on a quiet machine)`);
}

try {
  const clone = join(home, 'heartbeatd');
  await timed('from git clone to the first reply', 60, async () => {
    run(home, 'git', 'clone', '--quiet', resolve('.'), clone);
    run(clone, 'npm', 'ci', '--no-audit', '--no-fund');
    await firstReply(clone, 'npm', 'start', '--silent', '--', '--port', '0');
  });
  const user = join(home, 'project');
  mkdirSync(user);
  const [{ filename }] = JSON.parse(run(clone, 'npm', 'pack', '--json', '--pack-destination', home)) as [
    { filename: string },
  ];
  run(user, 'npm', 'init', '--yes');
  run(user, 'npm', 'install', '--no-audit', '--no-fund', join(home, filename));
  const node = join(clone, 'node_modules', 'node', 'bin', 'node');
  const bin = join(user, 'node_modules', 'heartbeatd', 'dist', 'bin.cjs');
  await timed('from the installed package to the first reply', 5, () =>
    firstReply(user, node, bin, '--port', '0'),
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
