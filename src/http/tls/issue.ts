/** Issues X.509 certificates: an authority, and server certificates signed by it. */
import { createPrivateKey, generateKeyPair, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A private key and its certificate, as PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

const dayMs = 86_400_000;
const authorityDays = 3_650;
/** Browsers and Apple's libraries refuse server certificates that are valid for longer than 398 days. */
const leafDays = 397;

/** Kinds of alternative names, as RFC 5280 numbers them. */
const dnsName = 2;
const ipAddress = 7;

/** Creates an RSA key pair. RSA, because every client that still runs accepts it. */
export async function createKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** Returns an authority that signed itself; `nowMs` is wall time. */
export function issueAuthority(pair: KeyPair, commonName: string, nowMs: number): Identity {
  const certificate = newCertificate(pair.publicKey, nowMs, authorityDays);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { key: pair.privateKey, cert: signed(certificate, pair.privateKey) };
}

/** Returns a server certificate for host names and IP addresses, of which there is at least one. */
export function issueLeaf(
  authority: Identity,
  pair: KeyPair,
  names: readonly [string, ...string[]],
  nowMs: number,
): Identity {
  const issuer = forge.pki.certificateFromPem(authority.cert);
  const certificate = newCertificate(pair.publicKey, nowMs, leafDays);
  // A common name holds 64 characters; clients read the alternative names.
  certificate.setSubject([{ name: 'commonName', value: names[0].slice(0, 64) }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) =>
        isIP(name) === 0 ? { type: dnsName, value: name } : { type: ipAddress, ip: name },
      ),
    },
    // Python 3.13 and later refuse certificates without this one.
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { key: pair.privateKey, cert: signed(certificate, authority.key) };
}

function newCertificate(publicKey: string, nowMs: number, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // A serial number is positive: the first byte keeps the sign bit clear.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  // A client's clock may be behind.
  certificate.validity.notBefore = new Date(nowMs - dayMs);
  certificate.validity.notAfter = new Date(nowMs + (days - 1) * dayMs);
  return certificate;
}

interface ForgePki {
  /** Returns the part of a certificate that is signed; missing in the type declarations. */
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
}

/** Signs with OpenSSL, since the library's own RSA in JavaScript keeps the event loop busy for tens of milliseconds. */
function signed(certificate: forge.pki.Certificate, privateKey: string): string {
  const oid = forge.pki.oids.sha256WithRSAEncryption ?? '';
  certificate.signatureOid = oid;
  certificate.siginfo.algorithmOid = oid;
  const content = (forge.pki as unknown as ForgePki).getTBSCertificate(certificate);
  certificate.tbsCertificate = content;
  const bytes = Buffer.from(forge.asn1.toDer(content).getBytes(), 'latin1');
  certificate.signature = sign('sha256', bytes, createPrivateKey(privateKey)).toString('latin1');
  return forge.pki.certificateToPem(certificate);
}
