/**
 * Leases that ended together, as bytes: row and revision of each, as differences from the lease before it. Rows that were granted together
 * mostly end together, and revisions are consecutive, so that a lease takes one byte.
 *
 * Of each lease: the difference of its row; and that of its revision, unless it is one more. A difference begins with a byte of its lowest
 * five bits, its sign, whether its lease has a difference of revisions, and whether more follows; each further byte has seven bits.
 */

/** Maximum of the bytes of a difference between two safe integers. */
const maxBytes = 8;

const firstBits = 0x20;
const negative = 0x20;
const withRevision = 0x40;
const otherBits = 0x80;
const more = 0x80;

/** Returns the bytes. `revisions`: those of the groups of the leases. */
export function encodeEnds(
  leases: readonly { readonly row: number }[],
  revisions: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(2 * maxBytes * leases.length);
  let length = 0;
  let row = 0;
  let revision = 0;
  for (let at = 0; at < leases.length; at += 1) {
    const nextRow = leases[at]?.row ?? 0;
    const nextRevision = revisions[at] ?? 0;
    const isNext = nextRevision === revision + 1;
    const start = length;
    length = put(bytes, start, nextRow - row);
    if (!isNext) {
      bytes[start] = (bytes[start] ?? 0) | withRevision;
      length = put(bytes, length, nextRevision - revision);
    }
    row = nextRow;
    revision = nextRevision;
  }
  return bytes.subarray(0, length);
}

/** Returns the revisions by row. */
export function decodeEnds(bytes: Uint8Array): Map<number, number> {
  const ends = new Map<number, number>();
  const reader = { bytes, at: 0 };
  let row = 0;
  let revision = 0;
  while (reader.at < bytes.length) {
    const hasRevision = ((bytes[reader.at] ?? 0) & withRevision) !== 0;
    row += take(reader);
    revision += hasRevision ? take(reader) : 1;
    ends.set(row, revision);
  }
  return ends;
}

/** Writes a difference. Returns where the next one begins. */
function put(bytes: Uint8Array, start: number, difference: number): number {
  const size = Math.abs(difference);
  const sign = difference < 0 ? negative : 0;
  let at = start;
  if (size < firstBits) {
    bytes[at] = size | sign;
    return at + 1;
  }
  bytes[at++] = (size % firstBits) | sign | more;
  for (let left = Math.floor(size / firstBits); left > 0; ) {
    const rest = Math.floor(left / otherBits);
    bytes[at++] = (left % otherBits) | (rest > 0 ? more : 0);
    left = rest;
  }
  return at;
}

function take(reader: { readonly bytes: Uint8Array; at: number }): number {
  const next = (): number => reader.bytes[reader.at++] ?? 0;
  const first = next();
  let size = first % firstBits;
  let unit = firstBits;
  for (let byte = first; byte >= more; unit *= otherBits) {
    byte = next();
    size += (byte % otherBits) * unit;
  }
  return (first & negative) === 0 ? size : -size;
}
