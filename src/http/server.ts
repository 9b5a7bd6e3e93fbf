/** The Fastify server as all parts share it: limits, timeouts, proxy targets, and whose error an unrouted request gets. */

import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawRequestDefaultExpression,
} from 'fastify';
import { makeClientAddress, rememberAddress } from './client-address.ts';
import { serveDoubleFraming } from './parsing/double-framing.ts';
import { serveRawTarget } from './parsing/raw-target.ts';
import { isTakenOver, type RefusedRequest, refusedRequest } from './parsing/take-over.ts';
import { makeRefuseTunnel, makeReplyToUnreadable } from './parsing/unreadable.ts';
import type { KeepRefusal } from './refusal.ts';
import { routeSchemas } from './route-schemas.ts';
import type { Certificates } from './tls/certificates.ts';
import { attachFront, type Front } from './tls/front.ts';
import type { Notices } from './tls/notices.ts';
import { serveWhole, type WholeOptions } from './whole/connections.ts';

export interface ServerOptions {
  readonly logger?: FastifyBaseLogger;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Serves requests with both framings of a body; see `LENIENT_FRAMING`. */
  readonly hasDoubleFraming: boolean;
  readonly notices: Notices;
  /** Keeps what never became a request of a protocol. */
  readonly keepRefusal: KeepRefusal;
  /** Returns the id of a request. */
  requestId(request: Pick<IncomingMessage, 'headers'>): string;
  /** Path of the page for browsers that open `/`; undefined: they get what other clients get. */
  readonly startPath: string | undefined;
  /** Connections at the same time; 0: no limit. */
  readonly maxConnections: number;
  /** A connection ends after its client has read nothing of a reply for so long, ms. */
  readonly stallTimeoutMs: number;
  /** Serves a request that Node's parser did not read. Returns false if that has to. */
  readonly serveWhole: WholeOptions['serve'];
  /** Absent: HTTP only. */
  readonly tls?: { readonly certificates: Certificates; isEmulated(host: string): boolean };
  /** Answers a request that no route answers, or that could not be read. */
  sendUnrouted(error: Error, request: FastifyRequest, reply: FastifyReply): void;
}

/** Makes the server; it has no routes yet. `whole` serves requests without Node's parser, `front` serves HTTPS, if that is on. `clientAddress`: of requests that Fastify does not see. */
export function makeServer(options: ServerOptions) {
  const { logger, hasDoubleFraming, notices, keepRefusal, requestId, startPath, tls, sendUnrouted } = options;
  const replyToUnreadable = makeReplyToUnreadable(notices, keepRefusal);
  const server = Fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    // One line per request, written by `logRequest`, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    // Lines carry the id of the request themselves; a logger for each request costs a tenth of a heartbeat.
    childLoggerFactory: (log) => log,
    // Paths carry lists of channels: the presence documentation allows 32 KiB of path and query.
    routerOptions: { maxParamLength: 32_768, ignoreTrailingSlash: false, caseSensitive: true },
    bodyLimit: 10 * 1024 * 1024,
    schemaController: routeSchemas,
    // Headers may be as long as the longest target and then some.
    http: { maxHeaderSize: 64 * 1_024 },
    // Bounds the time to receive a request; replies may take as long as a poll does.
    connectionTimeout: 0,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      if (isTakenOver(socket) && socket instanceof Socket) return;
      const refused = refusedRequest(error, socket);
      if (refused !== undefined && serveRefused(server.server, refused, hasDoubleFraming)) return;
      replyToUnreadable(error, socket);
    },
    frameworkErrors: sendUnrouted,
    // To vendor clients `/` is an operation of SLS.
    rewriteUrl: (request) =>
      startPath !== undefined && request.url === '/' && isBrowser(request) ? startPath : targetOf(request),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // First, as it takes the place of Node's own listener for connections.
  const whole = serveWhole(server.server as Server, {
    stallTimeoutMs: options.stallTimeoutMs,
    serve: options.serveWhole,
    // Node's own Date header has the machine's time as well.
    wallMs: Date.now,
    repeat(run, everyMs) {
      const timer = setInterval(run, everyMs).unref();
      return () => clearInterval(timer);
    },
    onStalled: ({ remoteAddress, writableLength: unsentBytes }) =>
      server.log.warn({ remoteAddress, unsentBytes }, 'closed connection: client stopped reading replies'),
  });
  server.decorateRequest('authority', {
    getter(this: FastifyRequest) {
      return authorityOf(this);
    },
  });
  const clientAddress = makeClientAddress(options.trustedProxies);
  server.decorateRequest('clientAddress', {
    getter(this: FastifyRequest) {
      return clientAddress(this);
    },
  });
  server.decorateRequest('operation', '');
  server.decorateRequest('heldMs', 0);
  server.server.on('connection', rememberAddress);
  boundConnections(server.server, options.maxConnections, notices);
  const front: Front | undefined =
    tls === undefined ? undefined : attachFront(server.server as Server, { ...tls, notices, keepRefusal });
  if (front === undefined) server.server.on('connect', makeRefuseTunnel(notices, keepRefusal));
  return { server, front, whole, clientAddress };
}

/** Has connections closed at once that are more than `max` at a time; 0: none. */
function boundConnections(server: Server, max: number, notices: Notices): void {
  if (max === 0) return;
  server.maxConnections = max;
  server.on('drop', (data) =>
    notices.warn(
      'connections',
      { remoteAddress: data?.remoteAddress, max },
      'connection refused: MAX_CONNECTIONS are open',
    ),
  );
}

/** Serves a request that Node's parser refused, if clients are known to send it. Returns whether it did. */
function serveRefused(server: Server, request: RefusedRequest, hasDoubleFraming: boolean): boolean {
  return serveRawTarget(server, request) || (hasDoubleFraming && serveDoubleFraming(server, request));
}

/**
 * Returns the host that a request asks for: of an absolute-form target, else of `Host`. For requests too whose target the router
 * refused, which lack what routes add.
 */
export function authorityOf(request: FastifyRequest): string {
  return targetAuthority(request) ?? request.raw.headers.host ?? '';
}

/** Returns the authority of an absolute-form target; undefined for a target that begins with a slash. */
export function targetAuthority(request: FastifyRequest): string | undefined {
  return (request.raw as WithAuthority).authority;
}

type WithAuthority = RawRequestDefaultExpression & { authority?: string };

/** Browsers ask for HTML when a person opens a page; no vendor's client does. */
function isBrowser({ method, headers }: RawRequestDefaultExpression): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}

/** Credentials before the authority are dropped: they would end up in errors and logs. */
const absoluteForm = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/** A client sends an absolute-form target to its HTTP proxy: returns what follows the authority, and keeps that. */
function targetOf(request: RawRequestDefaultExpression): string {
  const url = request.url ?? '/';
  const match = url.startsWith('/') ? null : absoluteForm.exec(url);
  if (match === null) return url;
  (request as WithAuthority).authority = match[1] ?? '';
  const rest = url.slice(match[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
