/** Settings of HTTPS on the server's port. */
import { choice, list, SettingError, type SettingsOf, text } from '../../settings/setting.ts';

export const tlsSettings = {
  tls: choice(
    'TLS',
    'off',
    ['off', 'auto'],
    'HTTPS beside HTTP on the same port; "auto" issues certificates for any host from an authority of its own',
  ),
  tlsFolder: text(
    'TLS_FOLDER',
    '',
    '<folder>',
    'folder of the authority that TLS=auto creates once; empty: heartbeatd/tls in XDG_DATA_HOME, which defaults to ~/.local/share',
  ),
  tlsCert: text(
    'TLS_CERT',
    '',
    '<file>',
    'PEM file of a certificate of your own, followed by its intermediates; turns HTTPS on; read again when it changes',
  ),
  tlsKey: text(
    'TLS_KEY',
    '',
    '<file>',
    'PEM file of the private key of TLS_CERT; read again when it changes',
  ),
  tlsCa: text(
    'TLS_CA',
    '',
    '<file>',
    'PEM file of the authorities that signed TLS_CERT; sent along with it where its own file lacks them',
  ),
  tlsHosts: list(
    'TLS_HOSTS',
    ['*.pubnub.com', '*.pubnubapi.com', '*.pndsn.com'],
    '<hosts>',
    'hosts, besides those in SLS_BASE_DOMAINS, that this server stands in for when a client sends CONNECT; * stands for one or more labels',
  ),
} as const;

export type TlsSettings = SettingsOf<typeof tlsSettings>;

/** Throws SettingError for TLS settings that contradict each other. */
export function checkTlsSettings({ tls, tlsCert, tlsKey, tlsCa }: TlsSettings): void {
  if ((tlsCert === '') !== (tlsKey === ''))
    throw new SettingError(
      tlsCert === '' ? 'TLS_CERT: missing, but TLS_KEY is set' : 'TLS_KEY: missing, but TLS_CERT is set',
    );
  if (tlsCa !== '' && tlsCert === '') throw new SettingError('TLS_CA: needs TLS_CERT and TLS_KEY');
  if (tls === 'auto' && tlsCert !== '')
    throw new SettingError('TLS: "auto" cannot be combined with TLS_CERT; remove one of them');
}
