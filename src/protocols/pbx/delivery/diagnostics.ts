/** What people who run the server may want to know about applications, newest last: refused callbacks, dead reports. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';

const topic = 'notes';
const keepEntries = 1_000;
const idleMs = 24 * 3_600_000;

export const Note = Type.Object({
  atMs: Type.Number({ description: 'wall time, ms since 1970' }),
  what: Type.String(),
  user: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
});
export type Note = Static<typeof Note>;
const isNote = TypeCompiler.Compile(Note);

/** Never rejects: what is noted was answered or delivered already, and a store that is away says so elsewhere. */
export async function addNote(store: Store, note: Note): Promise<void> {
  const payload = Buffer.from(JSON.stringify(note));
  await store.commit({ tenant, appends: [{ topic, payload, keepEntries, idleMs }] }).catch(() => undefined);
}

export async function listNotes(store: Store): Promise<Note[]> {
  const entries = await store.readTopics({ tenant, topics: [{ topic, after: 0n }], limit: keepEntries });
  return entries.flatMap(({ payload }) => {
    const note: unknown = JSON.parse(Buffer.from(payload).toString());
    return isNote.Check(note) ? [note] : [];
  });
}
