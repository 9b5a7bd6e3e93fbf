/** Runs a program of a vendor's client against a server of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { type Server, startServer } from '../consumers/server.ts';

const execute = promisify(execFile);

/** Starts a server before the tests of a file and stops it after them. */
export function withServer(): { readonly url: string } {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await startServer([]);
  });
  afterAll(() => server?.stop());
  return {
    get url() {
      return server?.url ?? '';
    },
  };
}

/** Runs a program to its end and returns what it printed. Rejects, with its error output, if it fails. */
export async function runClient(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await execute(file, [...args], {
    env: { ...process.env, ...env },
    timeout: 240_000,
    maxBuffer: 16 * 1_024 * 1_024,
  });
  return stdout;
}
