/** Counts replies by operation and status, and their durations by operation. */
import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts a reply. `operation` is the vendor's name of the call, or the route, never the path: paths have no bound. */
export type CountRequest = (protocol: string, operation: string, status: number, seconds: number) => void;

type Counted = Pick<Counter.Internal, 'inc'>;

/** Returns the function that counts a reply. Operations and statuses are bounded, and so are the series. */
export function requestCounter(registers: Registry[]): CountRequest {
  const requests = new Counter({
    name: 'heartbeatd_requests_total',
    help: 'Replies sent',
    labelNames: ['protocol', 'operation', 'status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'heartbeatd_request_duration_seconds',
    help: 'From the request received to the reply sent',
    labelNames: ['protocol', 'operation'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  // Finding a series by its labels costs more than counting: each is looked up once.
  const series = new Map<string, { observe(seconds: number): void; readonly counts: Map<number, Counted> }>();
  const seriesOf = (protocol: string, operation: string) => {
    const key = `${protocol} ${operation}`;
    let found = series.get(key);
    if (found === undefined) {
      const duration = durations.labels({ protocol, operation });
      found = { observe: (seconds) => duration.observe(seconds), counts: new Map() };
      series.set(key, found);
    }
    return found;
  };

  return (protocol, operation, status, seconds) => {
    const { observe, counts } = seriesOf(protocol, operation);
    let count = counts.get(status);
    if (count === undefined) {
      count = requests.labels({ protocol, operation, status });
      counts.set(status, count);
    }
    count.inc();
    observe(seconds);
  };
}
