/** Counts replies by operation and status, and their durations by operation. */
import { Counter, type Registry } from 'prom-client';
import { makeHistogram, type Series } from './histogram.ts';

/** Counts a reply. `operation` is the vendor's name of the call, or the route, never the path: paths have no bound. */
export type CountRequest = (protocol: string, operation: string, status: number, seconds: number) => void;

interface OperationCounts {
  readonly protocol: string;
  readonly operation: string;
  readonly duration: Series;
  /** Replies by status. */
  readonly replies: Map<number, { count: number }>;
}

/** Returns the function that counts a reply. Operations and statuses are bounded, and so are the series. */
export function requestCounter(registers: Registry[]): CountRequest {
  // Finding a series by its labels costs more than counting: each is looked up once, by operation and then protocol.
  const operations = new Map<string, OperationCounts[]>();
  new Counter({
    name: 'heartbeatd_requests_total',
    help: 'Replies sent',
    labelNames: ['protocol', 'operation', 'status'] as const,
    registers,
    collect() {
      this.reset();
      for (const { protocol, operation, replies } of [...operations.values()].flat()) {
        for (const [status, { count }] of replies) this.inc({ protocol, operation, status }, count);
      }
    },
  });
  const addDuration = makeHistogram({
    name: 'heartbeatd_request_duration_seconds',
    help: 'From the request received to the reply sent',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const add = (protocol: string, operation: string): OperationCounts => {
    const duration = addDuration({ protocol, operation });
    const added: OperationCounts = { protocol, operation, duration, replies: new Map() };
    const named = operations.get(operation);
    if (named === undefined) operations.set(operation, [added]);
    else named.push(added);
    return added;
  };

  return (protocol, operation, status, seconds) => {
    const named = operations.get(operation);
    const counts = named?.find((one) => one.protocol === protocol) ?? add(protocol, operation);
    const reply = counts.replies.get(status);
    if (reply === undefined) counts.replies.set(status, { count: 1 });
    else reply.count += 1;
    counts.duration.observe(seconds);
  };
}
