/** Random strings that downloads are made with: each valid once, and for 30 seconds of the lease clock (S-Series API v1.1.0). */
import { isIP } from 'node:net';
import { type Static, Type } from '@sinclair/typebox';
import { documentKind } from '../../kit/documents.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import { peerAddress } from '../callback/callback-url.ts';

const ttlMs = 30_000;

const Download = Type.Object({
  token: Type.String(),
  /** Addresses that may download. */
  addresses: Type.Array(Type.String()),
  file: Type.Union([
    Type.Object({
      kind: Type.Literal('cdr'),
      /** Extensions; empty: all. */
      numbers: Type.Array(Type.String()),
      starttime: Type.String(),
      endtime: Type.String(),
    }),
    Type.Object({ kind: Type.Literal('recording'), recording: Type.String() }),
  ]),
});
type Download = Static<typeof Download>;
export type File = Download['file'];
const downloads = documentKind('downloads', Download);

interface Asking {
  readonly token: string;
  /** Address of the request. */
  readonly peer: string;
}

/**
 * Returns a random string that downloads a file. Rejects with PbxError 20015 for an `allowedip` that is no address; blank stands for
 * none.
 */
export async function issueRandom(
  { store, randomBytes }: PbxContext,
  { token, peer }: Asking,
  parameters: Parameters,
  file: File,
): Promise<string> {
  const allowed = (parameters.get('allowedip') ?? '').trim();
  if (allowed !== '' && isIP(allowed) === 0) throw new PbxError(errnos.wrongAllowedIp);
  const addresses = [peerAddress(peer), ...(allowed === '' ? [] : [allowed])];
  const random = randomBytes(16).toString('hex');
  await store.commit({
    tenant: store.tenant,
    writes: [downloads.write(random, { token, addresses, file }, { ttlMs })],
  });
  return random;
}

/** Uses up a random string. Rejects with PbxError 20013 if it is not valid for the token, the address and the kind of file. */
export async function useRandom<K extends File['kind']>(
  { store }: PbxContext,
  { token, peer }: Asking,
  random: unknown,
  kind: K,
): Promise<Extract<File, { kind: K }>> {
  const key = typeof random === 'string' && /^[0-9a-f]{32}$/.test(random) ? random : undefined;
  const found = key === undefined ? undefined : await downloads.read(store, store.tenant, key);
  if (key === undefined || found === undefined) throw new PbxError(errnos.wrongRandom);
  const { token: owner, addresses, file } = found.value;
  if (owner !== token || !addresses.includes(peerAddress(peer)) || file.kind !== kind)
    throw new PbxError(errnos.wrongRandom);
  const writes = [downloads.write(key, null, { version: found.version })];
  const { committed } = await store.commit({ tenant: store.tenant, writes });
  if (!committed) throw new PbxError(errnos.wrongRandom);
  return file as Extract<File, { kind: K }>;
}
