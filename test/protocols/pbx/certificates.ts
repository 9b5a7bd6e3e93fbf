/** Certificates as people make them for machines of their own, new for each run of the tests. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** A key and its certificate, as PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Subject {
  /** Host names and addresses. */
  readonly names: readonly string[];
  /** Absent: signed with its own key. */
  readonly issuer?: Identity;
  readonly isAuthority?: boolean;
  /** Absent: tomorrow. */
  readonly until?: Date;
}

const dayMs = 86_400_000;

export function makeIdentity({ names, issuer, isAuthority = false, until }: Subject): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // A positive number, whatever the bytes are.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 2 * dayMs);
  certificate.validity.notAfter = until ?? new Date(Date.now() + dayMs);
  const subject = [{ name: 'commonName', value: names[0] ?? 'nobody' }];
  certificate.setSubject(subject);
  certificate.setIssuer(
    issuer === undefined ? subject : forge.pki.certificateFromPem(issuer.cert).subject.attributes,
  );
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority, critical: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) =>
        isIP(name) === 0 ? { type: dnsName, value: name } : { type: ipAddress, ip: name },
      ),
    },
  ]);
  const signer = forge.pki.privateKeyFromPem(issuer?.key ?? privateKey);
  certificate.sign(signer, forge.md.sha256.create());
  return { key: privateKey, cert: forge.pki.certificateToPem(certificate) };
}

/** Kinds of names, as RFC 5280 numbers them. */
const dnsName = 2;
const ipAddress = 7;
