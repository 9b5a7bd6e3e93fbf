/** Which certificates https callbacks may have: those that Node trusts, and those of a file in the settings. */
import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

const pemBlock =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Returns the certificates of a PEM file, which may hold other text. Throws Error if there is none, or an unreadable one. */
export function parseCertificates(text: string): readonly string[] {
  const blocks = text.match(pemBlock) ?? [];
  if (blocks.length === 0) throw new Error('no certificate in PEM form');
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block).toString();
    } catch {
      throw new Error(`certificate ${at + 1} of ${blocks.length} cannot be read`);
    }
  });
}

export interface TrustSettings {
  /** False: any certificate is accepted. */
  readonly verifyTls: boolean;
  /** Certificates in PEM form, trusted in addition to those of Node (its own list, and NODE_EXTRA_CA_CERTS); absent: none. */
  readonly authorities?: readonly string[];
}

/** Makes the part of a TLS connection's options that decides on trust. */
export function makeTrust({ verifyTls, authorities = [] }: TrustSettings): () => ConnectionOptions {
  let context: SecureContext | undefined;
  return () => {
    if (authorities.length === 0) return { rejectUnauthorized: verifyTls };
    // Once, and only for the first https callback: reading the whole list is slow.
    context ??= createSecureContext({ ca: [...getCACertificates('default'), ...authorities] });
    return { rejectUnauthorized: verifyTls, secureContext: context };
  };
}
