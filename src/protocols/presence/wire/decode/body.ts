/** Request bodies: text, compressed or not. */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { errors } from '../errors.ts';
import { limits } from './limits.ts';

/** A body as it arrived. */
export interface RequestBody {
  readonly bytes: Buffer;
  /** `content-encoding`, empty if there is none. */
  readonly encoding: string;
}

/** Errors for a body that cannot be decoded, or that is larger than a message may be. */
export interface BodyErrors {
  unreadable(): Error;
  tooLarge(): Error;
}

/** Body errors of the publish service. */
export const publishBodyErrors: BodyErrors = {
  unreadable: errors.publishInvalidJson,
  tooLarge: errors.messageTooLarge,
};

/** Body errors of the Access Manager. */
export const accessBodyErrors: BodyErrors = { unreadable: errors.unreadable, tooLarge: errors.unreadable };

const unpack = { deflate: promisify(inflate), gzip: promisify(gunzip), raw: promisify(inflateRaw) } as const;

/** Returns the text of a body, empty without one; rejects with one of `bodyErrors`. */
export async function readText(body: RequestBody | undefined, bodyErrors: BodyErrors): Promise<string> {
  if (body === undefined) return '';
  const bytes = await decompress(body, bodyErrors);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw bodyErrors.unreadable();
  }
}

async function decompress({ bytes, encoding }: RequestBody, bodyErrors: BodyErrors): Promise<Buffer> {
  const bounds = { maxOutputLength: limits.messageBytes + 1 };
  try {
    switch (encoding.toLowerCase()) {
      case '':
      case 'identity':
        return bytes;
      case 'deflate':
        // Deflate has a zlib header by the standard; some clients leave it out.
        return await ((bytes[0] ?? 0) % 16 === 8 ? unpack.deflate : unpack.raw)(bytes, bounds);
      case 'gzip':
        return await unpack.gzip(bytes, bounds);
      default:
        throw bodyErrors.unreadable();
    }
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? bodyErrors.tooLarge()
      : bodyErrors.unreadable();
  }
}
