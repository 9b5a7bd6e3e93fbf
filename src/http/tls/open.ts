/** From the TLS settings to what presents certificates. */
import type { Log } from '../../settings/log.ts';
import { authorityFolder } from './authority.ts';
import type { Certificates } from './certificates.ts';
import type { TlsSettings } from './settings.ts';

export interface OpenTlsOptions {
  /** The name or address that the server listens on. */
  readonly host: string;
  readonly log: Log;
  readonly wallMs: () => number;
}

/** Returns the certificates that the settings ask for; undefined if HTTPS is off. Rejects with SettingError. */
export async function openCertificates(
  { tls, tlsFolder, tlsCert, tlsKey, tlsCa }: TlsSettings,
  { host, log, wallMs }: OpenTlsOptions,
): Promise<Certificates | undefined> {
  if (tlsCert === '' && tls === 'off') return undefined;
  // Issuing loads an ASN.1 library, which only HTTPS needs.
  const { openIssuedCertificates, openCertificateFiles } = await import('./certificates.ts');
  if (tlsCert !== '') return openCertificateFiles({ cert: tlsCert, key: tlsKey, ca: tlsCa, log });
  return openIssuedCertificates({ folder: authorityFolder(tlsFolder), host, wallMs });
}

/** Returns the path of the file that clients have to trust, for people; undefined if there is none. */
export function trustPath({ tls, tlsFolder, tlsCert, tlsCa }: TlsSettings): string | undefined {
  if (tlsCert !== '') return tlsCa === '' ? undefined : tlsCa;
  return tls === 'auto' ? `${authorityFolder(tlsFolder)}/ca.pem` : undefined;
}
