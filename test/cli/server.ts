/** A server in this process, and the commands as processes against it. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';

/** The server. */
export let hb: StartedHeartbeatd;

/** Starts the server for the tests of the file. */
export function useServer(): void {
  beforeAll(async () => {
    hb = await startHeartbeatd();
  });
  afterAll(() => hb.close());
}

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `heartbeatd <args>` with the server in HEARTBEATD_URL. */
export function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['src/bin.cts', ...args], {
    env: { PATH: process.env.PATH ?? '', HEARTBEATD_URL: hb.url, ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended };
}

/** Runs `heartbeatd <args>` to its end. */
export async function run(
  args: readonly string[],
  input = '',
  env: Record<string, string> = {},
): Promise<Run> {
  const { child, ended } = start(args, env);
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Sends a heartbeat of Presence. */
export const beat = (key: string, uuid: string): Promise<Response> =>
  fetch(`${hb.url}/v2/presence/sub-key/${key}/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`);
