/** What `heartbeatd` does besides serving: help and password hashes. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { settingSections } from '../config.ts';
import { hashPassword } from '../protocols/pbx/users/password.ts';
import { describeSettings } from '../settings/read.ts';
import { fail } from './fail.ts';

/** Returns the text of `--help`. */
export function helpText(version: string): string {
  const sections = settingSections.map(({ title, table }) => {
    const rows = describeSettings(table).map(({ flag, env, fallback, help }) => {
      const standard = fallback === '' ? '' : ` [${fallback}]`;
      return `  ${flag}\n      ${help} (${env})${standard}`;
    });
    return `${title}:\n${rows.join('\n')}`;
  });
  return `heartbeatd ${version}: SLS, PBX and Presence heartbeats over one lease store

Usage: heartbeatd [serve] [flags]

${sections.join('\n\n')}

Commands:
  --hash-password
      print the hash of a password read from standard input, as the file in PBX_USERS takes it
  --healthcheck
      exit with 0 if the server at --host and --port is ready, else with 1
  -h, --help
  -v, --version
`;
}

/** Returns the hash of the first line of standard input. */
export async function hashPasswordFromInput(): Promise<string> {
  const [password = ''] = readFileSync(0, 'utf8').split(/\r?\n/, 1);
  if (password === '') fail('--hash-password: no password on standard input', 2);
  return hashPassword(password, randomBytes(16));
}
