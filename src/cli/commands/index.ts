/** The commands, in the order in which the help lists them. */
import { api } from '../api/api.ts';
import type { Command } from '../command.ts';
import { actor } from './actor.ts';
import { call } from './call.ts';
import { clock } from './clock.ts';
import { completionOf } from './completion.ts';
import { exec } from './exec.ts';
import { exportState } from './export.ts';
import { fault } from './fault.ts';
import { hashPasswordCommand } from './hash-password.ts';
import { importState } from './import.ts';
import { journal } from './journal.ts';
import { leases } from './leases.ts';
import { readyz } from './readyz.ts';
import { reset } from './reset.ts';
import { tail } from './tail.ts';
import { verify } from './verify.ts';
import { why } from './why.ts';

export const commands: readonly Command[] = [
  exec,
  readyz,
  leases,
  why,
  tail,
  journal,
  verify,
  clock,
  fault,
  actor,
  reset,
  exportState,
  importState,
  call,
  api,
  hashPasswordCommand,
  completionOf(() => commands),
];
