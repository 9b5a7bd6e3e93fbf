/** Certificates that the server presents: issued by its own authority for any host, or read from files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Log } from '../../settings/log.ts';
import { SettingError } from '../../settings/setting.ts';
import { openAuthority } from './authority.ts';
import { authorityCertPath } from './folder.ts';
import { createKeyPair, type Identity, issueLeaf } from './issue.ts';

export interface Certificates {
  /** Returns what clients get that name no host, or any host if there is no `forHost`. */
  standard(): SecureContextOptions;
  /** Returns the context for a host that the client names. */
  readonly forHost?: (name: string) => SecureContext;
  /** Path of the file that clients have to trust; empty: they know the authority already. */
  readonly trustPath: string;
  /** Calls a listener whenever `standard` returns something new. */
  onChange(listener: () => void): void;
  close(): void;
}

/** Contexts kept, 110 kB each. A client may name any host; one that is not kept takes 3 ms. */
const maxContexts = 200;
/** Age at which certificates are issued anew, well before they expire. */
const renewAfterMs = 30 * 86_400_000;
/** Interval at which the standard certificate is issued anew; a timer takes at most 24 days. */
const renewalIntervalMs = 86_400_000;

const validName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/;

export interface IssuingOptions {
  readonly folder: string;
  /** The names and addresses that the server listens on. */
  readonly hosts: readonly string[];
  readonly wallMs: () => number;
}

/** Opens the authority in a folder and issues from it. Rejects with SettingError. */
export async function openIssuedCertificates({
  folder,
  hosts,
  wallMs,
}: IssuingOptions): Promise<Certificates> {
  const authority = await openAuthority(folder, wallMs());
  const pair = await createKeyPair();
  const issue = (names: readonly [string, ...string[]]): Identity =>
    issueLeaf(authority, pair, names, wallMs());
  const contexts = new Map<string, { readonly context: SecureContext; readonly sinceMs: number }>();
  let standard = issue(ownNames(hosts));
  const listeners = new Set<() => void>();
  const renewal = setInterval(() => {
    standard = issue(ownNames(hosts));
    for (const listener of listeners) listener();
  }, renewalIntervalMs).unref();
  return {
    trustPath: authorityCertPath(folder),
    standard: () => standard,
    forHost(name) {
      const lower = name.toLowerCase().replace(/\.$/, '');
      if (!validName.test(lower)) throw new Error('malformed server name');
      const known = contexts.get(lower);
      if (known !== undefined && wallMs() - known.sinceMs < renewAfterMs) return known.context;
      const context = createSecureContext(issue([lower]));
      const [oldest] = contexts.keys();
      if (contexts.size >= maxContexts && oldest !== undefined) contexts.delete(oldest);
      contexts.set(lower, { context, sinceMs: wallMs() });
      return context;
    },
    onChange(listener) {
      listeners.add(listener);
    },
    close: () => clearInterval(renewal),
  };
}

/** Names and addresses by which clients reach this machine without a proxy. */
function ownNames(hosts: readonly string[]): readonly [string, ...string[]] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  const names = [hostname(), ...hosts]
    .map((name) => name.toLowerCase())
    .filter((name) => validName.test(name));
  return [
    'localhost',
    ...new Set(['127.0.0.1', '::1', ...names, ...addresses.map((address) => address.replace(/%.*/, ''))]),
  ];
}

export interface FileOptions {
  readonly cert: string;
  readonly key: string;
  /** Empty: none. */
  readonly ca: string;
  readonly log: Log;
  /** Interval at which the files are looked at, ms; default 5 s. */
  readonly pollMs?: number;
}

/** Reads certificates from files, and again when one changes. Throws SettingError that names the setting. */
export function openCertificateFiles({ log, pollMs = 5_000, ...files }: FileOptions): Certificates {
  const paths = [files.cert, files.key, files.ca].filter((path) => path !== '');
  // Taken before the files are read, so that no change after it is missed.
  let seen = stampOf(paths);
  let standard = readIdentity(files);
  const listeners = new Set<() => void>();
  const reloadIfChanged = (): void => {
    const now = stampOf(paths);
    if (now === seen) return;
    seen = now;
    try {
      standard = readIdentity(files);
      for (const listener of listeners) listener();
      log.info({ cert: files.cert }, 'TLS certificate reloaded');
    } catch (error) {
      // The other file may be about to be written.
      log.warn(
        { reason: (error as Error).message },
        'TLS certificate not reloaded; the last one stays in use',
      );
    }
  };
  const timer = setInterval(reloadIfChanged, pollMs).unref();
  return {
    trustPath: files.ca,
    standard: () => standard,
    onChange(listener) {
      listeners.add(listener);
    },
    close: () => clearInterval(timer),
  };
}

/**
 * Returns what differs once one of the files was changed or replaced. Notifications of the system miss files that are replaced through a
 * symbolic link, as secrets in Kubernetes are.
 */
function stampOf(paths: readonly string[]): string {
  return paths.map(stampOfFile).join();
}

function stampOfFile(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function readIdentity(files: Pick<FileOptions, 'cert' | 'key' | 'ca'>): SecureContextOptions {
  const cert = readSetting('TLS_CERT', files.cert);
  const key = readSetting('TLS_KEY', files.key);
  const ca = files.ca === '' ? undefined : readSetting('TLS_CA', files.ca);
  const certificate = usable(
    `TLS_CERT: ${files.cert} holds no PEM certificate`,
    () => new X509Certificate(cert),
  );
  const privateKey = usable(`TLS_KEY: ${files.key} holds no PEM private key`, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new SettingError(`TLS_KEY: ${files.key} is not the key of the certificate in ${files.cert}`);
  if (ca !== undefined) usable(`TLS_CA: ${files.ca} holds no PEM certificate`, () => new X509Certificate(ca));
  const options = { cert, key, ...(ca === undefined ? {} : { ca }) };
  usable(`TLS_CERT: ${files.cert} cannot be used`, () => createSecureContext(options));
  return options;
}

function readSetting(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingError(`${name}: ${(error as Error).message}`);
  }
}

function usable<T>(message: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new SettingError(`${message} (${(error as Error).message})`);
  }
}
