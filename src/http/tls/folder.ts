/** Where the authority of this user is; apart from what creates it, which loads an ASN.1 library. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export const certFile = 'ca.pem';
export const keyFile = 'ca-key.pem';

/** Returns the folder of the authority: the one that is set, else the user's data folder. */
export function authorityFolder(
  tlsFolder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (tlsFolder !== '') return tlsFolder;
  const data = env.XDG_DATA_HOME;
  return join(
    data === undefined || data === '' ? join(homedir(), '.local', 'share') : data,
    'heartbeatd/tls',
  );
}

/** Returns the path of the authority's certificate, which clients trust. */
export const authorityCertPath = (folder: string): string => join(folder, certFile);
