/** Whose certificates https callbacks may have: those that Node trusts, and those of a file in the settings. */
import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

const pemBlock =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** The certificates of a PEM file, with whatever text stands around them. Throws Error if there is none, or a broken one. */
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
  /** False: any certificate will do. */
  readonly verifyTls: boolean;
  /** PEM, trusted besides what Node trusts (its own list, and NODE_EXTRA_CA_CERTS); absent: none. */
  readonly authorities?: readonly string[];
}

/** What a TLS connection is told about trust. */
export function makeTrust({ verifyTls, authorities = [] }: TrustSettings): () => ConnectionOptions {
  let context: SecureContext | undefined;
  return () => {
    if (authorities.length === 0) return { rejectUnauthorized: verifyTls };
    // Once, and only when there is such a callback: reading the whole list takes its time.
    context ??= createSecureContext({ ca: [...getCACertificates('default'), ...authorities] });
    return { rejectUnauthorized: verifyTls, secureContext: context };
  };
}
