/** Where a reader is in the journals of several nodes: a cursor that is text, with a sequence number for each node. Pure. */
import { Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../../protocols/kit/operator/refusal.ts';

/** By node the sequence number of the last entry that was read; absent: none was. */
export type Position = Readonly<Record<string, number>>;

/** A cursor of the journal. */
export const JournalCursor = Type.Union([
  Type.Integer({ minimum: 0 }),
  Type.String({ maxLength: 16_384, description: 'over Redis: the cursor of a page or of a verdict' }),
]);

const part = /^([^,:]{1,300}):(\d{1,15})$/;
const maxNodes = 100;

/** Returns the position that a cursor of several nodes says. Throws OperatorRefusal. */
export function parsePosition(cursor: number | string): Position {
  if (cursor === 0 || cursor === '' || cursor === '0') return {};
  const parts = String(cursor).split(',');
  const read = parts.slice(0, maxNodes).map((text) => part.exec(text));
  if (parts.length > maxNodes || read.includes(null))
    throw new OperatorRefusal(
      400,
      'after: invalid cursor; over Redis it is the text in `cursor` of a page or of a verdict',
    );
  return Object.fromEntries(read.map((found) => [found?.[1] ?? '', Number(found?.[2])]));
}

/** Returns the cursor of a position. */
export function formatPosition(position: Position): string {
  return Object.entries(position)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, maxNodes)
    .map(([node, seq]) => `${node}:${seq}`)
    .join(',');
}

/** Returns the cursor of a journal without other nodes. Throws OperatorRefusal. */
export function numberCursor(cursor: number | string): number {
  if (typeof cursor === 'number') return cursor;
  // As a parameter of a URL it is text, too.
  if (/^\d{0,15}$/.test(cursor)) return Number(cursor);
  throw new OperatorRefusal(
    400,
    'after: invalid cursor; it is the number in `cursor` of a page or of a verdict',
  );
}
