/** Notes when clients of one group set its timeout or order differently: each client sets that of its own configuration when it starts. Pure. */
import { type Static, Type } from '@sinclair/typebox';

const Settings = Type.Object({ timeout: Type.Integer(), order: Type.Boolean() });
type Settings = Static<typeof Settings>;

/** Changes of a group's settings that were made while consumers were there. */
export const Overwrites = Type.Object({
  count: Type.Integer(),
  last: Type.Object({
    /** Seconds since 1970. */
    at: Type.Integer(),
    /** The client that made it, as it names itself. */
    by: Type.String(),
    from: Settings,
    to: Settings,
  }),
});
export type Overwrites = Static<typeof Overwrites>;

/**
 * Returns the group with its change of settings noted; `before`: the group before the change. Returns it as it is if the settings are
 * the same.
 */
export function noteOverwrite<G extends Settings & { overwrites?: Overwrites }>(
  group: G,
  before: G,
  { at, by }: Pick<Overwrites['last'], 'at' | 'by'>,
): G {
  if (group.timeout === before.timeout && group.order === before.order) return group;
  const settingsOf = ({ timeout, order }: Settings): Settings => ({ timeout, order });
  const last = { at, by, from: settingsOf(before), to: settingsOf(group) };
  return { ...group, overwrites: { count: (before.overwrites?.count ?? 0) + 1, last } };
}
