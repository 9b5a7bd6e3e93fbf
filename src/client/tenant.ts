/** A project, a subscribe key and a PBX of one test's own, so that tests share a server and do not see each other. */
import type { Selector } from '../operator/selector/selector.ts';
import { actorsOf, type TenantActors } from './actors.ts';
import { type AdvanceOptions, type Clock, type ClockMoved, type Duration, makeClock } from './clock.ts';
import type { Endpoints, PresenceConfig } from './endpoints.ts';
import { type Faults, makeFaults } from './faults.ts';
import { type Journal, makeJournal } from './journal.ts';
import type { Requester } from './request.ts';

/** The tenants of one test. */
export interface TestTenant {
  /** Part of every name below. */
  readonly name: string;
  readonly sls: Endpoints['sls'] & {
    readonly project: string;
    readonly tenant: string;
    readonly clock: Clock;
    readonly journal: Journal;
    readonly faults: Faults;
    readonly actors: TenantActors;
  };
  readonly presence: {
    /** Options of PubNub's SDKs. */
    readonly config: PresenceConfig;
    readonly tenant: string;
    readonly clock: Clock;
    readonly journal: Journal;
    readonly faults: Faults;
    readonly actors: TenantActors;
  };
  /** A PBX of this test: every user `<name>/…` logs in to it, and sees its calls and events. */
  readonly pbx: Endpoints['pbx'] & {
    readonly username: string;
    readonly password: string;
    readonly tenant: string;
    readonly clock: Clock;
    readonly journal: Journal;
    readonly faults: Faults;
    readonly actors: TenantActors;
  };
  readonly clock: TenantClock;
  /** Removes everything of the project, the subscribe key and the PBX. */
  reset(): Promise<void>;
}

/** Moves the time of the project, the subscribe key and the PBX together; what happens in other tenants is not affected. */
export interface TenantClock {
  /** Resolves to what expired in any of them, in the order of the deadlines. */
  advance(by: Duration, options?: AdvanceOptions): Promise<ClockMoved['fired']>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** MD5 of `pass`: a server without PBX_USERS takes any. */
const password = '1a1dc91c907325c69271ddf0c944bc72';

/** Returns the tenants that a name stands for: at most 63 lower-case letters, digits and hyphens, as SLS projects are named. */
export function makeTenant(requester: Requester, endpoints: Endpoints, name: string): TestTenant {
  const part = (tenant: string) => {
    const scope: Selector = { tenant };
    return {
      tenant,
      clock: makeClock(requester, tenant),
      journal: makeJournal(requester, scope),
      faults: makeFaults(requester, scope),
      actors: actorsOf(requester, tenant),
    };
  };
  const sls = part(`sls/${name}`);
  const presence = part(`presence/${name}`);
  const pbx = part(`pbx/${name}`);
  const all = [sls, presence, pbx];
  return {
    name,
    sls: { ...endpoints.sls, project: name, ...sls },
    presence: { config: endpoints.presence.config(name), ...presence },
    pbx: { ...endpoints.pbx, username: `${name}/api`, password, ...pbx },
    clock: {
      async advance(by, options) {
        const fired: ClockMoved['fired'] = [];
        for (const { clock } of all) fired.push(...(await clock.advance(by, options)).fired);
        return fired.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
      },
      async freeze() {
        for (const { clock } of all) await clock.freeze();
      },
      async thaw() {
        for (const { clock } of all) await clock.thaw();
      },
    },
    async reset() {
      for (const { tenant } of all) await requester.json('POST', '/reset', { body: { tenant } });
    },
  };
}
