/**
 * A line is what a user's reports to one address wait in: tokens of one user that resolve to the same URL share it, and a
 * report goes there once. How far it has got is kept in a document, and everything it does follows from that.
 */
import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { type HeldToken, tenant } from '../tokens/tokens.ts';

const collection = 'lines';

/** What became of the latest attempt, for people. */
const Outcome = Type.Object({ what: Type.String(), atMs: Type.Number() });

const StoredLine = Type.Object({
  user: Type.String(),
  url: Type.String(),
  /** The line began after this report. */
  from: Type.Integer(),
  /** Everything up to here is done with: delivered, set aside, dead or dropped. */
  cursor: Type.Integer(),
  /** Attempts at the next report that counted. */
  attempts: Type.Integer(),
  last: Type.Optional(Outcome),
});
export type StoredLine = Static<typeof StoredLine>;
const isStoredLine = TypeCompiler.Compile(StoredLine);

/** The name of a line; URLs may be too long to be one. */
export function lineKey(user: string, url: string): string {
  return createHash('sha256').update(`${user}\n${url}`).digest('base64url').slice(0, 22);
}

export function writeLine(key: string, line: StoredLine | null): DocumentWrite {
  return { collection, key, value: line === null ? null : JSON.stringify(line) };
}

/** How far a line has got; undefined if nothing was ever delivered on it. */
export async function readLine(store: Store, user: string, url: string): Promise<StoredLine | undefined> {
  const [document] = await store.readDocuments({
    tenant,
    documents: [{ collection, key: lineKey(user, url) }],
  });
  return document == null ? undefined : parsedLine(document.value);
}

export async function listLines(store: Store): Promise<Map<string, StoredLine>> {
  const documents = await store.listDocuments({ tenant, collection });
  return new Map(
    documents.flatMap(({ key, value }) => {
      const line = parsedLine(value);
      return line === undefined ? [] : [[key, line] as const];
    }),
  );
}

function parsedLine(text: string): StoredLine | undefined {
  const line: unknown = JSON.parse(text);
  return isStoredLine.Check(line) ? line : undefined;
}

/** Live tokens by the line they are in, in the order given. */
export function byLine(tokens: readonly HeldToken[]): Map<string, HeldToken[]> {
  const lines = new Map<string, HeldToken[]>();
  for (const token of tokens) {
    const key = lineKey(token.user, token.callback.callback);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, [token]);
    else line.push(token);
  }
  return lines;
}

/**
 * Where a line begins: `startAt` is the earliest position from which one of its tokens wants reports. What was
 * delivered there before is not sent again, unless a token needs more than the line ever held (at least once, never lost).
 */
export function resumeAt(
  stored: Pick<StoredLine, 'from' | 'cursor'> | undefined,
  startAt: number,
): { readonly from: number; readonly cursor: number } {
  if (stored === undefined || startAt < stored.from) return { from: startAt, cursor: startAt };
  return { from: stored.from, cursor: Math.max(stored.cursor, startAt) };
}
