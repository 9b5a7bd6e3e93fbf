/** Passwords of API users at rest: scrypt over what a login sends, which is the MD5 of the password in lower-case hex. */
import { createHash, scrypt, timingSafeEqual } from 'node:crypto';

const keyBytes = 32;
const form = /^scrypt:([0-9a-f]{16,128}):([0-9a-f]{64})$/;

/** Returns what a login sends for a password (S-Series API, Login). */
export function md5Of(password: string): string {
  return createHash('md5').update(password).digest('hex');
}

/** Returns `scrypt:<salt>:<hash>`, the form of the file of users. */
export async function hashPassword(password: string, salt: Buffer): Promise<string> {
  return `scrypt:${salt.toString('hex')}:${(await derive(md5Of(password), salt)).toString('hex')}`;
}

export function isPasswordHash(text: string): boolean {
  return form.test(text);
}

/** Returns whether a login sent exactly the password. Takes the same time for an unknown user (no `hash`). */
export async function verifyPassword(sent: string, hash: string | undefined): Promise<boolean> {
  const [, salt = '00'.repeat(16), expected = '00'.repeat(keyBytes)] = form.exec(hash ?? '') ?? [];
  const derived = await derive(sent, Buffer.from(salt, 'hex'));
  return timingSafeEqual(derived, Buffer.from(expected, 'hex')) && hash !== undefined;
}

function derive(text: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(text, salt, keyBytes, (error, key) => (error === null ? resolve(key) : reject(error)));
  return promise;
}
