/** Registers: a read returns the newest acknowledged value, or one that may have replaced it. */
import { type Entry, entriesOf, type Save } from '../history.ts';
import type { Finding } from './verdict.ts';

/** Returns the reads that contradict an acknowledged write. */
export function checkRegisters(history: readonly Entry[]): Finding[] {
  const saves = new Map<string, Save[]>();
  for (const save of entriesOf(history, 'save'))
    saves.set(save.register, [...(saves.get(save.register) ?? []), save]);
  return entriesOf(history, 'load').flatMap(({ register, value, sentMs, doneMs }) => {
    const of = saves.get(register) ?? [];
    const read = of.find((save) => save.value === value);
    // What was not acknowledged may take effect at any time after it was sent.
    const readDoneMs = read === undefined ? 0 : read.isAcknowledged ? read.doneMs : Number.POSITIVE_INFINITY;
    const lost = of.findLast(
      (save) => save.isAcknowledged && save.doneMs <= sentMs && save.sentMs > readDoneMs && save !== read,
    );
    if (lost === undefined) return [];
    const what = `${register} is ${value ?? 'empty'} after ${lost.value} was acknowledged`;
    return [{ rule: 'acknowledged write lost', what, fromMs: lost.sentMs, toMs: doneMs }];
  });
}
