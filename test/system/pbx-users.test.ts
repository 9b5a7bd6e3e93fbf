/** Users of the PBX API, from a password to a login, as somebody who runs the server sets them up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { md5Of, verifyPassword } from '../../src/protocols/pbx/users/password.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(args: readonly string[], input = ''): Promise<{ code: number; printed: string }> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  // A process that ends at once does not read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, printed };
}

it('--hash-password prints a hash for the file of users, a different one each time', async () => {
  const [first, second] = await Promise.all([
    run(['--hash-password'], 'pass\n'),
    run(['--hash-password'], 'pass'),
  ]);
  for (const { code, printed } of [first, second]) {
    expect(code).toBe(0);
    expect(await verifyPassword(md5Of('pass'), printed.trim())).toBe(true);
  }
  expect(first?.printed).not.toBe(second?.printed);
  expect((await run(['--hash-password'])).code).toBe(2);
});

it.each([
  ['users', 'PBX_USERS', '{"users":[{"username":"api","password":"pass"}]}'],
  ['users', 'PBX_USERS', 'no JSON'],
  ['model', 'PBX_MODEL', '{"extensions":[]}'],
])('an invalid file of %s ends the server with one line and exit code 2', async (flag, name, text) => {
  const file = join(folder, 'file.json');
  writeFileSync(file, text);
  const { code, printed } = await run(['--port', '0', `--pbx-${flag}`, file]);
  expect(code).toBe(2);
  expect(printed.trim().split('\n')).toHaveLength(1);
  expect(printed).toMatch(new RegExp(`^heartbeatd: ${name}: `));
});

it('invalid networks end the server with one line and exit code 2', async () => {
  const { code, printed } = await run(['--port', '0', '--pbx-deny-targets', '10.0.0.0/99']);
  expect(code).toBe(2);
  expect(printed).toMatch(/^heartbeatd: PBX_ALLOW_TARGETS, PBX_DENY_TARGETS: "10\.0\.0\.0\/99"/);
});
