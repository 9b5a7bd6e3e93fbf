/** Checks of a logstore's settings that go beyond their types. The messages are those that functional tests of the vendor's SDKs assert. */
import { errors } from '../../wire/errors.ts';
import type { Logstore, LogstoreSettings } from './logstore.ts';

const encryptTypes: ReadonlySet<string> = new Set([
  'default',
  'm4',
  'sm4_ecb',
  'sm4_cbc',
  'sm4_gcm',
  'aes_ecb',
  'aes_cbc',
  'aes_cfb',
  'aes_ofb',
  'aes_gcm',
]);

/** Days that logs stay in a class of storage at least. */
const minInfrequentAccess = 30;
const minArchive = 60;

/** Throws LogStoreInfoInvalid, with the vendor's message. */
export function checkSettings(settings: LogstoreSettings): void {
  const reason = invalidSplit(settings) ?? invalidEncryption(settings) ?? invalidStorage(settings);
  if (reason !== undefined) throw errors.LogStoreInfoInvalid(reason);
}

function invalidSplit({ maxSplitShard = -1 }: LogstoreSettings): string | undefined {
  // Clients send -1 or 0 where their caller set nothing.
  return maxSplitShard < -1 || maxSplitShard > 256
    ? 'maxSplitShard must be within range [1, 256]'
    : undefined;
}

function invalidEncryption({ encrypt_conf: conf }: LogstoreSettings): string | undefined {
  return conf?.enable === true && !encryptTypes.has(conf.encrypt_type ?? '')
    ? 'The encrypt_conf is invalid, [encrypt_type] key is missing or not supported'
    : undefined;
}

/** Logs are hot at first, then infrequently accessed, and archived for the rest of their time. */
function invalidStorage({ ttl = 30, hot_ttl = -1, infrequentAccessTTL = -1 }: LogstoreSettings) {
  if (infrequentAccessTTL < 0) return undefined;
  if (infrequentAccessTTL < minInfrequentAccess) return 'infrequentAccessTTL must large than 30';
  const archive = ttl - Math.max(hot_ttl, 0) - infrequentAccessTTL;
  return archive !== 0 && archive < minArchive ? 'archiveTTL must large than 60' : undefined;
}

/** Throws ParameterInvalid if a change that leaves out `infrequentAccessTTL` makes the time in the archive too short. */
export function checkArchive(settings: LogstoreSettings): void {
  if (invalidStorage(settings) !== undefined) throw errors.ParameterInvalid('archiveTtl must larger than 60');
}

/** Returns whether a logstore may get the mode: one of mode `standard` keeps it. */
export function isModeChangeAllowed(
  before: Logstore['mode'] = 'standard',
  after?: Logstore['mode'],
): boolean {
  return after === undefined || after === before || before !== 'standard';
}
