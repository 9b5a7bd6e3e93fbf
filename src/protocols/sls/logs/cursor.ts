/**
 * Cursors: base64 of a decimal number that addresses the place before a log group ("GetCursor"). The leading ten digits are the second in
 * which the shard was created, and consecutive log groups have consecutive numbers; clients calculate with them.
 */

const maxCursor = (1n << 63n) - 1n;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Returns a cursor as clients see it. */
export function encodeCursor(cursor: bigint): string {
  return Buffer.from(String(cursor)).toString('base64');
}

/** Returns the cursor that a text stands for; undefined if it cannot be one. Some clients write a line break after it. */
export function decodeCursor(written: string): bigint | undefined {
  const text = written.trim();
  if (!isBase64(text) || text.length > 28) return undefined;
  const digits = Buffer.from(text, 'base64').toString('latin1');
  if (!/^\d{1,19}$/.test(digits)) return undefined;
  const cursor = BigInt(digits);
  return cursor <= maxCursor ? cursor : undefined;
}

/** Whether a text is base64 with its padding. */
export function isBase64(text: string): boolean {
  return base64.test(text);
}
