/** What developers test with: the journal, verification and faults, as one interceptor and its routes. */
import { refusedNames } from '../http/refusal.ts';
import { combine, type Interceptor } from '../protocols/kit/intercept.ts';
import type { App, Protocol, ProtocolEvent } from '../protocols/kit/protocol.ts';
import type { Reader } from '../protocols/kit/reader.ts';
import type { Log } from '../settings/log.ts';
import type { Store } from '../store/store.ts';
import { eventRoutes } from './events/event-routes.ts';
import { commonEventTypes, type EventFeed, type Events, makeEvents } from './events/events.ts';
import { makeLocalFeed } from './events/local-feed.ts';
import { recordLeases } from './events/record-leases.ts';
import { makeRecorder } from './events/renewals.ts';
import { makeSharedFeed } from './events/shared/shared-feed.ts';
import { faultRoutes } from './faults/fault-routes.ts';
import { type Faults, makeFaults } from './faults/faults.ts';
import type { FaultsOptions } from './faults/state.ts';
import { type Journal, makeJournal } from './journal/journal.ts';
import { journalRoutes } from './journal/journal-routes.ts';
import { ofAllNodes } from './journal/nodes/all-nodes.ts';
import { onlyHere, type SharedJournal } from './journal/nodes/shared-journal.ts';
import { noProtocol } from './known-names.ts';
import { protocolOf } from './metrics/metrics.ts';
import { type Claims, makeClaims } from './nodes/claims.ts';
import { everywhere, type ForTenant } from './nodes/everywhere.ts';
import { type Gather, gather } from './nodes/gather.ts';
import { makeNodes, type Nodes } from './nodes/nodes.ts';
import { type CheckSelector, checkSelector } from './selector/check.ts';
import { matchesPattern } from './selector/selector.ts';
import { makeForget } from './state/forget.ts';
import { verifyNodes } from './verify/nodes/all-nodes.ts';
import { type Cursor, keptRequests, type Source, sourceHere } from './verify/source.ts';
import type { Wanted } from './verify/tally.ts';
import { verifyRoutes } from './verify/verify-routes.ts';
import { type LeaseHistory, makeLeaseHistory } from './why/lease-history.ts';

export interface TestBench {
  readonly nodeId: string;
  readonly interceptor: Interceptor | undefined;
  readonly faults: Faults;
  /** Absent: the settings turn it off. */
  readonly journal: Journal | undefined;
  readonly events: Events;
  /** Keeps an event of a protocol. */
  emit(event: ProtocolEvent): void;
  /** What explanations know of leases that ended. */
  readonly history: LeaseHistory;
  /** Has every node forget the requests and past leases of a tenant, or all. */
  readonly forget: ForTenant;
  /** Returns a function that has every node do `here`, and adds up their counts. To be called before `start`. */
  everywhere(name: string, here: ForTenant): ForTenant;
  /** Returns a function that asks the other nodes what `answer` returns there. To be called before `start`. */
  gather(name: string, answer: (question: unknown) => unknown): Gather;
  /** Names that only one node may use. */
  readonly claims: Claims;
  /** Resolves to the ids of the nodes over the store that live, this one first. */
  liveNodes(): Promise<readonly string[]>;
  /** Resolves when this process obeys what the other nodes over its store obey, or after a second. */
  start(): Promise<void>;
  /** Stops observing the store, and leaves the other nodes. */
  close(): Promise<void>;
  /** Registers the routes on the operator API's instance. */
  routes(app: App): void;
  readonly checkSelector: CheckSelector;
}

export interface TestBenchOptions {
  readonly store: Store;
  /** Distinguishes this process from other nodes over the same store. */
  readonly nodeId: string;
  readonly log?: Log;
  readonly hasJournal: boolean;
  wallMs(): number;
  /** The created protocols; they are created after the interceptor that they are given. */
  protocols(): readonly Pick<
    Protocol,
    'name' | 'operationNames' | 'messageNames' | 'eventTypes' | 'sampleError' | 'reader'
  >[];
  /** An interceptor of the program that embeds the server; it sees requests first. */
  readonly interceptor?: Interceptor | undefined;
}

/** Makes the test bench. */
export function makeTestBench(options: TestBenchOptions): TestBench {
  const { store, nodeId, log, hasJournal, wallMs, protocols, interceptor } = options;
  const events = makeEvents(wallMs, { leaseMs: (tenant) => store.knownLeaseMs(tenant) });
  const history = makeLeaseHistory();
  const readerOf = (name: string): Reader | undefined =>
    protocols().find((protocol) => protocol.name === name)?.reader;
  const stopRecording = recordLeases({
    ...{ store, events, readerOf },
    onChanges: (run) => history.record(run),
  });
  const journal = hasJournal ? makeBenchJournal(options, { events, readerOf }) : undefined;
  const nodes: Nodes | undefined = store.isShared
    ? makeNodes({ store, nodeId, monotonicMs, ...(log === undefined ? {} : { log }) })
    : undefined;
  const known = aboutProtocols(protocols);
  const check: CheckSelector = (selector, selecting) => checkSelector(known.names, selector, selecting);
  const faults = makeFaults(
    {
      ...known,
      wallMs,
      leaseMs: (tenant) => store.knownLeaseMs(tenant),
      ...recordFirings(events, journal),
    },
    nodes,
  );
  const recorder = makeRecorder(store, events);
  const shared = nodes === undefined ? undefined : makeSharedFeed({ nodes, nodeId, events, recorder });
  const feed: EventFeed = shared ?? makeLocalFeed(events, recorder);
  const read = journal === undefined ? undefined : readers({ journal, nodes, nodeId });
  return {
    nodeId,
    checkSelector: check,
    faults,
    journal,
    events,
    emit: (event) => events.append({ protocol: protocolOf(event.tenant), ...event }),
    history,
    forget: everywhere(nodes, 'reset', makeForget({ journal, history })),
    everywhere: (name, here) => everywhere(nodes, name, here),
    gather: (name, answer) => gather(nodes, { name, nodeId }, answer),
    claims: makeClaims(nodes, nodeId),
    liveNodes: () => liveOf(nodes, nodeId),
    start: async () => nodes?.start(),
    async close() {
      stopRecording();
      recorder.turn('off');
      faults.close();
      shared?.close();
      read?.close();
      await nodes?.close();
    },
    interceptor: combine([
      ...(interceptor === undefined ? [] : [interceptor]),
      ...(journal === undefined ? [] : [journal.interceptor]),
      faults.interceptor,
    ]),
    routes(app) {
      faultRoutes(app, faults);
      eventRoutes(app, feed, check);
      if (read !== undefined) journalRoutes(app, read.journal, check);
      verifyRoutes(app, { openJournal: read?.open, feed, monotonicMs, check });
    },
  };
}

/** Returns what the firings of fault rules are recorded by. */
function recordFirings(
  events: Pick<Events, 'append'>,
  journal: Journal | undefined,
): Pick<FaultsOptions, 'onFired' | 'onFiredOutgoing' | 'onLost'> {
  return {
    onFiredOutgoing: ({ protocol, operation, subject, fault }) =>
      events.append({ type: 'fault.fired', protocol, operation, ...subject, fault }),
    onLost: (message) => journal?.keepLost(message),
    onFired: (exchange, id) => {
      journal?.markFault(exchange, id);
      const { protocol, operation, subject } = exchange;
      events.append({ type: 'fault.fired', protocol, operation: operation.name, ...subject, fault: id });
    },
  };
}

function monotonicMs(): number {
  return performance.now();
}

/** Makes the journal, whose entries are explained by the readers of their protocols. */
function makeBenchJournal(
  { store, wallMs }: TestBenchOptions,
  { events, readerOf }: { readonly events: Events; readerOf(name: string): Reader | undefined },
): Journal {
  return makeJournal({
    wallMs,
    monotonicMs,
    leaseMs: (tenant) => store.knownLeaseMs(tenant),
    events,
    reader: {
      readerOf,
      eventsBetween: (after, last) => events.read(after, last - after).filter(({ seq }) => seq <= last),
    },
  });
}

interface Readers {
  readonly journal: SharedJournal;
  /** Opens the requests for one assertion. */
  open(wanted: Wanted, after: Cursor): Source;
  close(): void;
}

/** Makes what reads the journal, over a shared store those of all nodes. */
function readers({
  journal,
  nodes,
  nodeId,
}: {
  readonly journal: Journal;
  readonly nodes: Nodes | undefined;
  readonly nodeId: string;
}): Readers {
  const kept = keptRequests(journal);
  if (nodes === undefined)
    return {
      journal: onlyHere(journal),
      open: (wanted, after) => sourceHere(kept, wanted, after),
      close: () => {},
    };
  const ask: TestBench['gather'] = (name, answer) => gather(nodes, { name, nodeId }, answer);
  const shared = ofAllNodes({ journal, nodeId, gather: ask });
  let opened = 0;
  const nextId = (): string => {
    opened += 1;
    return `${nodeId} ${opened}`;
  };
  const { store, tenant } = nodes;
  const { open, close } = verifyNodes({
    ...{ store, tenant, nodeId, kept, journal: shared, gather: ask, monotonicMs, nextId },
  });
  return { journal: shared, open, close };
}

/** Returns the nodes that live, this one first. */
async function liveOf(nodes: Nodes | undefined, nodeId: string): Promise<readonly string[]> {
  const others = ((await nodes?.live()) ?? []).filter((id) => id !== nodeId);
  return [nodeId, ...others.toSorted()];
}

/** What fault rules and selectors are checked against. */
function aboutProtocols(
  protocols: TestBenchOptions['protocols'],
): Pick<FaultsOptions, 'names' | 'sampleError'> {
  const matching = (pattern: string) => protocols().filter(({ name }) => matchesPattern(name, pattern));
  return {
    names: {
      operations: (protocol) => [
        ...matching(protocol).flatMap(({ operationNames }) => operationNames),
        ...(matchesPattern(noProtocol, protocol) ? refusedNames : []),
      ],
      messages: (protocol) => matching(protocol).flatMap(({ messageNames = [] }) => messageNames),
      eventTypes: (protocol) => [
        ...commonEventTypes,
        ...matching(protocol).flatMap(({ eventTypes = [] }) => eventTypes),
      ],
    },
    sampleError: (protocol, name) =>
      matching(protocol)
        .map((candidate) => candidate.sampleError?.(name))
        .find((error) => error !== undefined),
  };
}
