/** The log of requests: lines without secrets, and counts of what is successful and frequent. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../settings/log.ts';
import { traceIdOf } from './request-id.ts';

/** Query and path parameters that authorise a client. */
const secrets = new Set([
  'token',
  'auth',
  'signature',
  'password',
  'refreshtoken',
  'refresh_token',
  'access_token',
  'accesskeyid',
  'securitytoken',
  'x-acs-security-token',
]);
/** Headers that authorise a client. */
const secretHeaders = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Whether a parameter, member or header of this name must not be shown. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  return secrets.has(lower) || secretHeaders.has(lower);
}

const maxLength = 512;

/** Returns the target with its secrets masked, cut to 512 characters. */
export function withoutSecrets(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return cut(url);
  const query = url
    .slice(start + 1)
    .split(/([&?])/)
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals === -1 ? part : part.slice(0, equals);
      return equals !== -1 && secrets.has(decoded(name).toLowerCase()) ? `${name}=***` : part;
    })
    .join('');
  return cut(`${url.slice(0, start)}?${query}`);
}

/** A percent-encoded name is the same name. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Masks the path segments that the route names as secrets. */
function withoutSecretSegments(url: string, route: string | undefined): string {
  if (route === undefined) return url;
  const names = route.split('/');
  if (!names.some((name) => secrets.has(name.slice(1)))) return url;
  const [path = '', ...query] = url.split('?');
  const steps = path.split('/').map((step, at) => (secrets.has(names[at]?.slice(1) ?? '') ? '***' : step));
  return [steps.join('/'), ...query].join('?');
}

function cut(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** What one request was, for its line and for the summary. */
export interface RequestRecord {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The vendor's name of the operation, or the route for operator requests. */
  readonly operation: string;
}

/** `each`: a line for every request; `summary`: successful ones are counted per operation; `failures`: none for successful ones. */
export type RequestLogMode = 'each' | 'summary' | 'failures';

export interface RequestLog {
  /** Logs a request once its reply was sent. */
  record(record: RequestRecord): void;
  /** Writes what was counted so far, and stops. */
  close(): void;
}

/** Interval between two summaries, ms. */
const summaryMs = 10_000;
/** Operations counted within one interval: those of the vendors and the routes of the operator API are fewer. */
const maxOperations = 500;

const probes = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * Makes the log of requests. Probes have debug lines, whatever is replied: what makes them fail is logged where it happens. Otherwise a reply
 * of 500 and more is an error line, one of 400 and more a warning.
 * A line of its own costs more than a heartbeat, so that a busy server counts successful requests, in one line per operation and interval.
 */
export function makeRequestLog(log: Log, mode: RequestLogMode): RequestLog {
  const counts = new Map<string, Count>();
  const writesInfo = log.isLevelEnabled('info');
  const writesDebug = log.isLevelEnabled('debug');
  const write = (): void => {
    for (const count of counts.values()) log.info(summaryOf(count), 'requests');
    counts.clear();
  };
  const timer = mode === 'summary' && writesInfo ? setInterval(write, summaryMs).unref() : undefined;
  return {
    record(record) {
      const { request, reply, operation } = record;
      const { statusCode } = reply;
      if (probes.has(request.routeOptions.url ?? '')) {
        if (writesDebug) log.debug(lineOf(record), 'request');
      } else if (statusCode >= 500) log.error(lineOf(record), 'request');
      else if (statusCode >= 400) log.warn(lineOf(record), 'request');
      else if (mode === 'each') {
        if (writesInfo) log.info(lineOf(record), 'request');
      } else {
        if (writesDebug) log.debug(lineOf(record), 'request');
        if (timer !== undefined)
          add(counts, request.routeOptions.config.protocol ?? 'none', operation, reply);
      }
    },
    close() {
      clearInterval(timer);
      write();
    },
  };
}

interface Count {
  readonly protocol: string;
  readonly operation: string;
  requests: number;
  totalMs: number;
  maxMs: number;
}

function add(counts: Map<string, Count>, protocol: string, operation: string, reply: FastifyReply): void {
  let count = counts.get(operation);
  if (count === undefined) {
    if (counts.size >= maxOperations) return;
    count = { protocol, operation, requests: 0, totalMs: 0, maxMs: 0 };
    counts.set(operation, count);
  }
  const ms = reply.elapsedTime;
  count.requests += 1;
  count.totalMs += ms;
  if (ms > count.maxMs) count.maxMs = ms;
}

/** Three digits after the point. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

function summaryOf({ totalMs, maxMs, ...count }: Count) {
  return {
    ...count,
    meanMs: rounded(totalMs / count.requests),
    maxMs: rounded(maxMs),
    seconds: summaryMs / 1_000,
  };
}

function lineOf({ request, reply, operation }: RequestRecord) {
  const { traceparent } = request.headers;
  const traceId = typeof traceparent === 'string' ? traceIdOf(traceparent) : undefined;
  return {
    reqId: request.id,
    ...(traceId === undefined ? {} : { traceId }),
    protocol: request.routeOptions.config.protocol,
    operation,
    method: request.method,
    client: request.clientAddress,
    host: request.authority,
    url: withoutSecrets(withoutSecretSegments(request.raw.url ?? '', request.routeOptions.url)),
    status: reply.statusCode,
    ms: rounded(reply.elapsedTime),
  };
}
