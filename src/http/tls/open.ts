/** From the TLS settings to what presents certificates. */
import type { Log } from '../../settings/log.ts';
import type { Certificates } from './certificates.ts';
import { authorityCertPath, authorityFolder } from './folder.ts';
import type { TlsSettings } from './settings.ts';

export interface OpenTlsOptions {
  /** The names and addresses that the server listens on. */
  readonly hosts: readonly string[];
  readonly log: Log;
  readonly wallMs: () => number;
}

/** Returns the certificates that the settings ask for; undefined if HTTPS is off. Rejects with SettingError. */
export async function openCertificates(
  settings: TlsSettings,
  { hosts, log, wallMs }: OpenTlsOptions,
): Promise<Certificates | undefined> {
  if (!hasTls(settings)) return undefined;
  const { tlsFolder, tlsCert, tlsKey, tlsCa } = settings;
  // Issuing loads an ASN.1 library, which only HTTPS needs.
  const { openIssuedCertificates, openCertificateFiles } = await import('./certificates.ts');
  if (tlsCert !== '') return openCertificateFiles({ cert: tlsCert, key: tlsKey, ca: tlsCa, log });
  return openIssuedCertificates({ folder: authorityFolder(tlsFolder), hosts, wallMs });
}

/** Whether the server serves HTTPS. */
export const hasTls = ({ tls, tlsCert }: TlsSettings): boolean => tls === 'auto' || tlsCert !== '';

/** Returns the path of the file that clients have to trust; empty if there is none. */
export function trustPath({ tls, tlsFolder, tlsCa }: TlsSettings): string {
  return tls === 'auto' ? authorityCertPath(authorityFolder(tlsFolder)) : tlsCa;
}
