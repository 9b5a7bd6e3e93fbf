/** What the queries of inbound and of outbound calls share. */
import { errnos, PbxError } from '../api/errors.ts';
import type { OpenCall } from './play/call.ts';

/** Returns the state of a call as queries show it. The documents have "Talking" only; the other names are a choice. */
export function shownState({ phase }: Pick<OpenCall, 'phase'>): string {
  return { new: 'Ringing', invited: 'Ringing', ringing: 'Ringing', answered: 'Talking', held: 'Hold' }[phase];
}

/** Returns the calls whose `name` is one of the ids, with commas between them; all for none. Throws PbxError 10007. */
export function selectCalls<T extends Readonly<Record<string, unknown>>>(
  listed: readonly T[],
  name: keyof T & string,
  ids = '',
): readonly T[] {
  if (ids.trim() === '') return listed;
  return ids.split(',').map((id) => {
    const found = listed.find((call) => call[name] === id.trim());
    if (found === undefined) throw new PbxError(errnos.noSuchCall);
    return found;
  });
}
