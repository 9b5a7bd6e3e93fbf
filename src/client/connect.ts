/** The handle of a running server: the same for one in this process, on this machine, or in a container. */
import type { OperatorEvent } from '../operator/events/events.ts';
import type { Selector } from '../operator/selector/selector.ts';
import { type Actors, makeActors } from './actors.ts';
import { type CallOperation, callOperation } from './call.ts';
import { type Clock, makeClock } from './clock.ts';
import { type Endpoints, endpointsOf } from './endpoints.ts';
import { type EventsOptions, streamEvents } from './events.ts';
import { type Faults, makeFaults } from './faults.ts';
import {
  type EventVerdict,
  type Expectation,
  expectationOf,
  type Journal,
  makeJournal,
  type Verdict,
  type Verification,
  verify,
} from './journal.ts';
import { type Explanation, type Leases, makeLeases, type WhySubject } from './leases.ts';
import { makeRequester, OperatorError, type Requester } from './request.ts';
import { makeSnapshots, type Snapshots, type StateDocument } from './state.ts';
import { makeTenant, type TestTenant } from './tenant.ts';

export interface ConnectOptions {
  /** The server's OPERATOR_TOKEN. */
  readonly token?: string;
  /** Where the operator API is, if OPERATOR_PORT gave it a port of its own; default: the server's address. */
  readonly operatorUrl?: string;
}

/** What can be done with a server. */
export interface Heartbeatd extends Endpoints {
  /** `http://host:port`. */
  readonly url: string;
  /** Where the operator API and the console are: `url`, unless OPERATOR_PORT gave them a port of their own. */
  readonly operatorUrl: string;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly leases: Leases;
  /** Clients that the server simulates. */
  readonly actors: Actors;
  /** Iterates over events: `for await (const event of hb.events({ type: 'lease.*' }))`. */
  events(selector?: Selector, options?: EventsOptions): AsyncGenerator<OperatorEvent, void, void>;
  /** Resolves once an event matches, by default within 5 s. Rejects with ExpectationFailed. */
  waitForEvent(selector: Selector, expected?: Expectation): Promise<EventVerdict>;
  /** Resolves to the verdict of an expectation that holds. Rejects with ExpectationFailed. */
  verify(wanted: Verification): Promise<Verdict>;
  /**
   * Brings a tenant back to the server's seed, or to nothing where there is none; without a tenant, everything with the faults and the
   * journal, and thaws the clock.
   */
  reset(tenant?: string, to?: 'seed' | 'empty'): Promise<unknown>;
  /** Resolves to all that a tenant holds, or all tenants, with sorted keys. */
  state(tenant?: string): Promise<StateDocument>;
  /** Replaces all that a tenant holds, or all tenants: those that are not in the document are removed. */
  replaceState(state: StateDocument, tenant?: string): Promise<{ readonly tenants: readonly string[] }>;
  /** States that the server keeps under a name. */
  readonly snapshots: Snapshots;
  /** Resolves to why a group or a holder is as it is, in sentences. Rejects with OperatorError 404 for unknown names. */
  why(subject: WhySubject): Promise<Explanation>;
  /** Names a project, a subscribe key and a PBX user for one test; without a name, new ones. */
  tenant(name?: string): TestTenant;
  /**
   * Calls any operation of the operator API by its name: `hb.call('setCheckpoints', {}, { project: 'shop', … })`. Parameters of path and query
   * come first, then the body. Rejects with OperatorError.
   */
  readonly call: CallOperation;
  /** Any other request to the operator API. */
  readonly operator: Requester;
  /** Resolves once the server is ready. Rejects with OperatorError after `patienceMs`. */
  ready(patienceMs?: number): Promise<void>;
}

/** Returns the handle of the server at a URL; nothing is sent yet. Throws TypeError for text that is no URL. */
export function connect(url: string, { token, operatorUrl = url }: ConnectOptions = {}): Heartbeatd {
  const { origin } = new URL(url);
  const operatorOrigin = new URL(operatorUrl).origin;
  const requester = makeRequester(operatorOrigin, token);
  const endpoints = endpointsOf(url);
  return {
    url: origin,
    operatorUrl: operatorOrigin,
    ...endpoints,
    operator: requester,
    call: callOperation(requester),
    clock: makeClock(requester),
    faults: makeFaults(requester),
    journal: makeJournal(requester),
    leases: makeLeases(requester),
    actors: makeActors(requester),
    events: (selector = {}, options) => streamEvents(requester, selector, options),
    waitForEvent: (selector, expected) =>
      verify(requester, { ...expectationOf(selector, expected), of: 'events' }) as Promise<EventVerdict>,
    verify: (wanted) => verify(requester, wanted),
    reset: (tenant, to) => requester.json('POST', '/reset', { body: { tenant, to } }),
    state: (tenant) => requester.json('GET', '/state', { query: { tenant } }),
    replaceState: (state, tenant) => requester.json('PUT', '/state', { query: { tenant }, body: state }),
    snapshots: makeSnapshots(requester),
    why: (subject) => requester.json('GET', '/why', { query: { ...subject } }),
    tenant: (name = freshName()) => makeTenant(requester, endpoints, name),
    ready: (patienceMs = 30_000) => untilReady(origin, patienceMs),
  };
}

/** A name that no other test has, valid as project, key and user. */
const freshName = (): string => `test-${globalThis.crypto.randomUUID()}`;

const retryMs = 50;

async function untilReady(origin: string, patienceMs: number): Promise<void> {
  const endMs = performance.now() + patienceMs;
  let last = '';
  do {
    try {
      const response = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2_000) });
      last = `/readyz replies ${response.status}: ${await response.text()}`;
      if (response.ok) return;
    } catch (error) {
      last = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : '';
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  } while (performance.now() < endMs);
  throw new OperatorError(0, `${origin} is not ready after ${patienceMs} ms: ${last}`);
}
