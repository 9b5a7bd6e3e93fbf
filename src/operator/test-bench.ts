/** What developers test with: the journal, verification and faults, as one interceptor and its routes. */
import { combine, type Interceptor } from '../protocols/kit/intercept.ts';
import type { App, Protocol } from '../protocols/kit/protocol.ts';
import { faultRoutes } from './faults/fault-routes.ts';
import { type Faults, makeFaults } from './faults/faults.ts';
import { type Journal, makeJournal } from './journal/journal.ts';
import { journalRoutes } from './journal/journal-routes.ts';
import { verifyRoutes } from './verify/verify-routes.ts';

export interface TestBench {
  readonly interceptor: Interceptor | undefined;
  readonly faults: Faults;
  /** Absent: the settings turn it off. */
  readonly journal: Journal | undefined;
  /** Registers the routes on the operator API's instance. */
  routes(app: App): void;
}

export interface TestBenchOptions {
  readonly hasJournal: boolean;
  wallMs(): number;
  /** The created protocols; they are created after the interceptor that they are given. */
  protocols(): readonly Pick<Protocol, 'name' | 'sampleError'>[];
  /** An interceptor of the program that embeds the server; it sees requests first. */
  readonly interceptor?: Interceptor | undefined;
}

/** Makes the test bench. */
export function makeTestBench({ hasJournal, wallMs, protocols, interceptor }: TestBenchOptions): TestBench {
  const monotonicMs = (): number => performance.now();
  const journal = hasJournal ? makeJournal({ wallMs, monotonicMs }) : undefined;
  const faults = makeFaults({
    wallMs,
    sampleError: (protocol, name) =>
      protocols()
        .find((candidate) => candidate.name === protocol)
        ?.sampleError?.(name),
    onFired: (exchange, id) => journal?.markFault(exchange, id),
  });
  return {
    faults,
    journal,
    interceptor: combine([
      ...(interceptor === undefined ? [] : [interceptor]),
      ...(journal === undefined ? [] : [journal.interceptor]),
      faults.interceptor,
    ]),
    routes(app) {
      faultRoutes(app, faults);
      if (journal === undefined) return;
      journalRoutes(app, journal);
      verifyRoutes(app, journal, monotonicMs);
    },
  };
}
