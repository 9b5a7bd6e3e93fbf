/**
 * Cursors: base64 of a decimal number that addresses the place before a LogGroup ("GetCursor"). The leading ten digits are
 * the second in which the shard was made, and consecutive LogGroups have consecutive numbers: clients count on it.
 */

const nanosPerSecond = 1_000_000_000n;
const maxCursor = (1n << 63n) - 1n;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Where a shard that was made in that second (since 1970) begins. */
export function firstCursor(createTime: number): bigint {
  return BigInt(createTime) * nanosPerSecond;
}

export function encodeCursor(cursor: bigint): string {
  return Buffer.from(String(cursor)).toString('base64');
}

/** Undefined: no cursor, of whatever shard. */
export function decodeCursor(text: string): bigint | undefined {
  if (!isBase64(text) || text.length > 28) return undefined;
  const digits = Buffer.from(text, 'base64').toString('latin1');
  if (!/^\d{1,19}$/.test(digits)) return undefined;
  const cursor = BigInt(digits);
  return cursor <= maxCursor ? cursor : undefined;
}

export function isBase64(text: string): boolean {
  return base64.test(text);
}
