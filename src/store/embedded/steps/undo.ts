/** Reverts the changes of a batch that the file refused, so that they leave no trace in memory. */
import type { GroupRecord } from '../records.ts';
import type { State } from '../state.ts';

/** Reverts all changes since the last call of `forgetChanges`, the newest first. */
export function revertChanges(state: State): void {
  const disordered = new Set<GroupRecord>();
  const reverts = (state.undo ?? []).reverse();
  // To revert a change is not a change.
  state.undo = undefined;
  for (const revert of reverts) revert(disordered);
  state.undo = [];
  for (const { members } of disordered) {
    const inOrder = [...members].sort(([, a], [, b]) => a.epoch - b.epoch);
    members.clear();
    for (const [holder, lease] of inOrder) members.set(holder, lease);
  }
  state.appended = [];
}

/** Makes the changes of a batch final. */
export function forgetChanges(state: State): void {
  if (state.undo !== undefined && state.undo.length > 0) state.undo = [];
}
