/** `heartbeatd hash-password`: the hash of a password, as the file in PBX_USERS takes it. */
import { randomBytes } from 'node:crypto';
import { hashPassword } from '../../protocols/pbx/users/password.ts';
import { type Command, UsageError } from '../command.ts';

export const hashPasswordCommand: Command = {
  name: 'hash-password',
  usage: '',
  summary: 'print the hash of the password on the first line of standard input, for PBX_USERS',
  flags: {},
  async run({ print, input }) {
    const [password = ''] = input().split(/\r?\n/, 1);
    if (password === '') throw new UsageError('hash-password: no password on standard input');
    print(`${await hashPassword(password, randomBytes(16))}\n`);
    return 0;
  },
};
