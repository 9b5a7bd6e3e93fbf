/** Makes requests fail as networks and vendors do. */
import type { Fault } from '../operator/faults/fault.ts';
import type { RuleView } from '../operator/faults/fault-routes.ts';
import type { Selector } from '../operator/selector/selector.ts';
import { everyPage } from './every-page.ts';
import type { Requester } from './request.ts';

export type { Fault, RuleView };

export interface Faults {
  /** Adds a rule, which fires once unless `when` says otherwise. */
  add(fault: Fault): Promise<AddedFault>;
  list(): Promise<readonly RuleView[]>;
  /** Removes all rules and adds these. */
  replace(faults: readonly Fault[]): Promise<readonly RuleView[]>;
  clear(): Promise<void>;
}

/** A rule as added; removed at the end of a scope that holds it with `await using`. */
export interface AddedFault extends AsyncDisposable {
  readonly id: string;
  /** How often it matched and fired by now. */
  read(): Promise<RuleView>;
  /** Lets the requests go that it holds; resolves to their number. */
  release(): Promise<number>;
  remove(): Promise<void>;
}

/** Returns the faults of a server; every rule that is added matches `scope` too. */
export function makeFaults({ json }: Requester, scope: Selector = {}): Faults {
  const scoped = (fault: Fault): Fault => ({ ...fault, match: { ...scope, ...fault.match } });
  const listed = async (reply: Promise<{ readonly faults: readonly RuleView[] }>) => (await reply).faults;
  return {
    async add(fault) {
      const { id } = await json<RuleView>('POST', '/faults', { body: scoped(fault) });
      const path = `/faults/${encodeURIComponent(id)}`;
      const remove = async (): Promise<void> => {
        await json('DELETE', path, { accepts: [404] });
      };
      return {
        id,
        remove,
        read: () => json('GET', path),
        release: async () => (await json<{ readonly count: number }>('POST', `${path}/release`)).count,
        [Symbol.asyncDispose]: remove,
      };
    },
    list: () => everyPage<'faults', RuleView>(json, 'faults', { path: '/faults' }),
    replace: (faults) => listed(json('PUT', '/faults', { body: faults.map(scoped) })),
    async clear() {
      await json('DELETE', '/faults');
    },
  };
}
