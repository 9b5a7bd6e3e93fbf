/** Settings of the server process: where it listens, what it logs, how it stops. */
import { networkList } from '../settings/networks.ts';
import { choice, integer, text, withLetter } from '../settings/setting.ts';

export const serverSettings = {
  host: text('HOST', '127.0.0.1', '<address>', 'address to listen on'),
  port: withLetter(
    'p',
    integer('PORT', 8080, { min: 0, max: 65_535 }, 'port to listen on; 0 picks a free port'),
  ),
  trustedProxies: networkList(
    'TRUSTED_PROXIES',
    'addresses and networks of proxies in front of the server, whose X-Forwarded-For names the client; empty: none',
  ),
  lenientFraming: choice(
    'LENIENT_FRAMING',
    'loopback',
    ['loopback', 'always', 'never'],
    'serve requests of the SLS client for C++, which have both Content-Length and chunked framing; all others of that kind are refused; "loopback" serves them only if HOST is a loopback address',
  ),
  maxConnections: integer(
    'MAX_CONNECTIONS',
    20_000,
    { min: 0, max: 1_000_000 },
    'maximum number of connections of clients at a time, on each port; further ones are closed; 0: no limit but that of the system for open files',
  ),
  maxBodyBytes: integer(
    'MAX_BODY_BYTES',
    256 * 1_024 * 1_024,
    { min: 0, max: 64 * 1_024 ** 3 },
    'maximum size of the bodies above 16 KiB that are in flight on all connections together, bytes; one client takes half of it at most; beyond it a request gets the vendor\'s "busy"; 0: no limit',
  ),
  maxLoopDelayMs: integer(
    'MAX_LOOP_DELAY_MS',
    0,
    { min: 0, max: 60_000 },
    'delay of the event loop from which on requests get the vendor\'s "busy", ms; 0: never',
  ),
  logLevel: choice(
    'LOG_LEVEL',
    'info',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'minimum level of log lines',
  ),
  logFormat: choice(
    'LOG_FORMAT',
    'auto',
    ['auto', 'json', 'pretty'],
    'format of log lines; "auto" is "pretty" on a terminal, else "json"',
  ),
  requestLog: choice(
    'REQUEST_LOG',
    'auto',
    ['auto', 'each', 'summary', 'failures'],
    'log lines for successful requests: one for each, one per operation every 10 s, or none; failed requests always have one of their own; "auto" is "each" on a terminal, else "summary"',
  ),
  drainDelay: integer(
    'DRAIN_DELAY',
    0,
    { min: 0, max: 600_000 },
    'time at SIGTERM during which /readyz fails and requests are still served, before the server stops, ms; longer than load balancers take to notice',
  ),
  shutdownTimeoutMs: integer(
    'SHUTDOWN_TIMEOUT_MS',
    10_000,
    { min: 0, max: 600_000 },
    'maximum wait for requests in flight at SIGTERM, ms',
  ),
} as const;
