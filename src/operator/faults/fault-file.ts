/** The fault rules that a server starts with, and that a reset to the seed returns to. */
import { Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { validator } from '../../protocols/kit/validate.ts';
import { SettingError } from '../../settings/setting.ts';
import { readContent } from '../state/file-content.ts';
import { Fault } from './fault.ts';
import type { Faults } from './faults.ts';

const checkList = validator(Type.Array(Fault, { maxItems: 1_000 }));

/** Reads rules from a file of JSON, or from a module whose default export they are. Rejects with SettingError that names what is wrong. */
export async function readFaultsFile(path: string): Promise<readonly Fault[]> {
  try {
    return parseFaults(await readContent(path));
  } catch (error) {
    throw new SettingError(`FAULTS: ${path}: ${(error as Error).message}`);
  }
}

/** Returns rules with ids, so that nodes that start with the same rules have the same. Throws OperatorRefusal that names the wrong member. */
export function parseFaults(value: unknown): readonly Fault[] {
  const faults = checkList(
    value,
    ({ path, message }) => new OperatorRefusal(400, `${path || 'rules'}: ${message}`),
  );
  return faults.map((fault, index) => ({ id: `start-${index + 1}`, ...fault }));
}

/** Throws SettingError for rules of a program, as for a file. */
export function checkFaultsOption(value: unknown): readonly Fault[] {
  try {
    return parseFaults(value);
  } catch (error) {
    if (error instanceof OperatorRefusal) throw new SettingError(`faults: ${error.message}`);
    throw error;
  }
}

/** Throws SettingError for rules that the protocols of this server do not know. */
export function checkFaults(faults: Pick<Faults, 'check'>, rules: readonly Fault[]): void {
  for (const rule of rules) {
    try {
      faults.check(rule);
    } catch (error) {
      if (error instanceof OperatorRefusal) throw new SettingError(`FAULTS: ${rule.id}: ${error.message}`);
      throw error;
    }
  }
}

/** Adds the rules unless there are any already: those that other nodes obey stay as they are. */
export async function loadFaults(faults: Faults, rules: readonly Fault[]): Promise<void> {
  if (rules.length > 0 && (await faults.list()).length === 0) await faults.replaceAll(rules);
}
