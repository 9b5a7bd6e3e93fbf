/** The authority of this user on this machine: created once, then read from its folder. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { SettingError } from '../../settings/setting.ts';
import { certFile, keyFile } from './folder.ts';
import { createKeyPair, type Identity, issueAuthority } from './issue.ts';

/**
 * Returns the authority in a folder; creates both if they are absent. Of several processes that create it at once one wins, and
 * all use its. Rejects with SettingError if the folder cannot be used or the authority in it is unusable.
 */
export async function openAuthority(folder: string, nowMs: number): Promise<Identity> {
  try {
    const found = await readAuthority(folder);
    return found ?? (await createAuthority(folder, nowMs));
  } catch (error) {
    if (error instanceof SettingError) throw error;
    throw new SettingError(`TLS_FOLDER: ${folder} cannot be used (${(error as Error).message})`);
  }
}

async function readAuthority(folder: string): Promise<Identity | undefined> {
  const read = (name: string): Promise<string | undefined> =>
    readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  const [key, cert] = await Promise.all([read(keyFile), read(certFile)]);
  if (key === undefined && cert === undefined) return undefined;
  const fault = key === undefined || cert === undefined ? 'a file is missing' : faultOf({ key, cert });
  if (key === undefined || cert === undefined || fault !== undefined)
    throw new SettingError(
      `TLS_FOLDER: the authority in ${folder} is unusable (${fault}); delete the folder, and clients have to trust a new one`,
    );
  return { key, cert };
}

function faultOf({ key, cert }: Identity): string | undefined {
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return 'its key does not belong to its certificate';
    if (certificate.validToDate.getTime() < Date.now()) return `it expired on ${certificate.validTo}`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Writes both files into a folder of its own and renames that, so that no process reads half an authority. */
async function createAuthority(folder: string, nowMs: number): Promise<Identity> {
  const authority = issueAuthority(
    await createKeyPair(),
    `heartbeatd on ${hostname()} for ${userName()}`,
    nowMs,
  );
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(draft, keyFile), authority.key, { mode: 0o600 });
    await writeFile(join(draft, certFile), authority.cert);
    await rename(draft, folder);
    return authority;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first.
    const { code } = error as NodeJS.ErrnoException;
    const other = code === 'ENOTEMPTY' || code === 'EEXIST' ? await readAuthority(folder) : undefined;
    if (other !== undefined) return other;
    throw error;
  }
}

/** A user id without an entry in the user database, as in containers, has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'this user';
  }
}
