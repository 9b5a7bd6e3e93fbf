/** Lists of names with commas between them, as queries take them. */
import { type Errno, PbxError } from './errors.ts';

/** Returns the names; empty for none and for "all". Clients leave a comma at the end. */
export function namesIn(asked = ''): readonly string[] {
  const names = asked.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return names.length === 1 && names[0] === 'all' ? [] : names;
}

interface Selection<T> {
  /** Names with commas between them; absent, blank or "all": everything. */
  readonly asked: string | undefined;
  /** Returns the name of an item. */
  name(item: T): string;
  /** The refusal of a name that no item has; absent: it is left out. */
  readonly unknown?: Errno;
}

/** Returns the items that are asked for, in that order. Throws PbxError for an unknown name. */
export function selectNamed<T>(items: readonly T[], { asked, name, unknown }: Selection<T>): readonly T[] {
  const names = namesIn(asked);
  if (names.length === 0) return items;
  const known = new Map(items.map((item) => [name(item), item]));
  return names.flatMap((wanted) => {
    const item = known.get(wanted);
    if (item === undefined && unknown !== undefined) throw new PbxError(unknown);
    return item ?? [];
  });
}
