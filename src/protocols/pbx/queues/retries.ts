/**
 * Reports that are tried beside their line: an application refused them, or somebody asked for a dead letter to be sent
 * again. Kept as documents, so that whoever delivers next goes on with them.
 */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { isReport, Report } from '../reports/reports.ts';
import { tenant } from '../tokens/tokens.ts';
import { lineKey } from './stored-queue.ts';

const Aside = Type.Object({
  user: Type.String(),
  token: Type.String(),
  url: Type.String(),
  position: Type.Integer(),
  report: Report,
  serial: Type.String(),
  reportedAtMs: Type.Number(),
  attempts: Type.Integer(),
  /** Somebody asked for it: it may go to another application of the user. */
  replayed: Type.Optional(Type.Boolean()),
});
export type Aside = Static<typeof Aside>;
const isAside = TypeCompiler.Compile(Aside);
const collection = 'asides';

/** Keys sort as the reports happened. */
export function asideKey({ user, url, position }: Pick<Aside, 'user' | 'url' | 'position'>): string {
  return `${String(position).padStart(12, '0')}-${lineKey(user, url)}`;
}

export function writeAside(key: string, aside: Aside | null): DocumentWrite {
  return { collection, key, value: aside === null ? null : JSON.stringify(aside) };
}

/** By key. */
export async function listAsides(store: Store): Promise<Map<string, Aside>> {
  const documents = await store.listDocuments({ tenant, collection });
  return new Map(
    documents.flatMap(({ key, value }) => {
      const aside: unknown = JSON.parse(value);
      return isAside.Check(aside) && isReport.Check(aside.report) ? [[key, aside] as const] : [];
    }),
  );
}

/** A report that was set aside, while this node delivers. */
export interface SetAside extends Aside {
  readonly key: string;
  /** No attempt before this reading of the lease clock. */
  readonly notBeforeMs: number;
  running: boolean;
}

/** What is to be kept of it. */
export function storedAside({
  key: _key,
  notBeforeMs: _notBeforeMs,
  running: _running,
  ...aside
}: SetAside): Aside {
  return aside;
}

/** What is set aside, as this node knows it. */
export interface Asides {
  readonly size: number;
  values(): Iterable<SetAside>;
  set(key: string, aside: Aside, notBeforeMs: number): void;
  /** Call it once the store knows: what is listed at the same moment would bring it back. */
  finish(key: string): void;
  /** Learns what others set aside. Rejects with StoreUnavailable. */
  read(): Promise<void>;
  /** Forgets the oldest of a line's if there are more than `most`. Answers their keys. */
  dropOldest(user: string, url: string, most: number): readonly string[];
}

/** `stored`: what was set aside before, and is due. */
export function makeAsides(store: Store, stored: ReadonlyMap<string, Aside>): Asides {
  const known = new Map<string, SetAside>();
  let finishedMeanwhile: Set<string> | undefined;
  const set = (key: string, aside: Aside, notBeforeMs: number): void => {
    known.set(key, { ...aside, key, notBeforeMs, running: false });
  };
  for (const [key, aside] of stored) set(key, aside, 0);
  return {
    get size() {
      return known.size;
    },
    values: () => known.values(),
    set,
    finish(key) {
      known.delete(key);
      finishedMeanwhile?.add(key);
    },
    async read() {
      const finished = new Set<string>();
      finishedMeanwhile = finished;
      const found = await listAsides(store);
      for (const [key, aside] of found) if (!known.has(key) && !finished.has(key)) set(key, aside, 0);
      finishedMeanwhile = undefined;
    },
    dropOldest(user, url, most) {
      const mine = [...known.values()].filter((aside) => aside.user === user && aside.url === url);
      const tooMany = mine.slice(0, Math.max(0, mine.length - most)).map(({ key }) => key);
      for (const key of tooMany) known.delete(key);
      return tooMany;
    },
  };
}
