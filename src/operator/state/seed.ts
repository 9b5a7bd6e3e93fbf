/** The state that a server begins with, and the one that it leaves behind. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { protocols } from '../../protocols/index.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { SettingError } from '../../settings/setting.ts';
import type { Store } from '../../store/store.ts';
import { readContent } from './file-content.ts';
import { checkTenantName, dumpOf, parseState } from './state-document.ts';
import type { StateDocument } from './state-schema.ts';
import { knownTenants, readStates, replaceStates } from './tenant-states.ts';

/** Reads a seed from a file of JSON, or from a module whose default export it is. Rejects with SettingError that names what is wrong. */
export async function readSeedFile(path: string): Promise<StateDocument> {
  try {
    return checkSeed(await readContent(path));
  } catch (error) {
    throw new SettingError(`SEED: ${path}: ${(error as Error).message}`);
  }
}

/** Returns a value that can be loaded as a seed. Throws OperatorRefusal that names the wrong member. */
export function checkSeed(value: unknown): StateDocument {
  const seed = parseState(value);
  const names = protocols.map(({ name }) => name);
  for (const [tenant, state] of Object.entries(seed.tenants)) {
    checkTenantName(tenant, names);
    dumpOf(tenant, state);
  }
  return seed;
}

/** Loads the tenants of a seed that hold nothing yet: a restart on kept data, and further nodes, change nothing. Returns which it loaded. */
export async function loadSeed(store: Store, seed: StateDocument): Promise<readonly string[]> {
  const known = new Set(await knownTenants(store));
  const fresh = Object.entries(seed.tenants).filter(([tenant]) => !known.has(tenant));
  await replaceStates(store, { tenants: Object.fromEntries(fresh) }).apply();
  return fresh.map(([tenant]) => tenant);
}

/** Writes the state of all tenants to a file that a seed can be read from. The file is written aside and renamed: it is whole, or as before. */
export async function exportState(store: Store, path: string): Promise<void> {
  const state = await readStates(store);
  const aside = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(aside, `${JSON.stringify(state, null, 2)}\n`);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** Throws SettingError for a seed of a program, as for a file. */
export function checkSeedOption(value: unknown): StateDocument {
  try {
    return checkSeed(value);
  } catch (error) {
    if (error instanceof OperatorRefusal) throw new SettingError(`seed: ${error.message}`);
    throw error;
  }
}
