/** The Fastify server as all parts share it: limits, timeouts, proxy targets, and whose error an unrouted request gets. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawRequestDefaultExpression,
} from 'fastify';
import { serveRawTarget } from './raw-target.ts';
import { refuseTunnel, replyToUnreadable } from './unreadable.ts';

export interface ServerOptions {
  readonly logger?: FastifyBaseLogger;
  /** Accepts requests that Node refuses by default; see `LENIENT_FRAMING`. */
  readonly isLenient: boolean;
  /** Answers a request that no route answers, or that could not be read. */
  sendUnrouted(error: Error, request: FastifyRequest, reply: FastifyReply): void;
}

/** Makes the server; it has no routes yet. */
export function makeServer({ logger, isLenient, sendUnrouted }: ServerOptions) {
  const server = Fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    // One line per request, written by `logRequest`, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    // Paths carry lists of channels: the presence documentation allows 32 KiB of path and query.
    routerOptions: { maxParamLength: 32_768, ignoreTrailingSlash: false, caseSensitive: true },
    bodyLimit: 10 * 1024 * 1024,
    // Headers may be as long as the longest target and then some.
    http: { maxHeaderSize: 64 * 1_024, insecureHTTPParser: isLenient },
    // Bounds the time to receive a request; replies may take as long as a poll does.
    connectionTimeout: 0,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      if (!serveRawTarget(server.server, error, socket)) replyToUnreadable(error, socket);
    },
    frameworkErrors: sendUnrouted,
    rewriteUrl: targetOf,
  }).withTypeProvider<TypeBoxTypeProvider>();
  server.decorateRequest('authority', {
    getter(this: FastifyRequest) {
      return (this.raw as WithAuthority).authority ?? this.headers.host ?? '';
    },
  });
  server.decorateRequest('operation', '');
  server.server.on('connect', refuseTunnel);
  return server;
}

type WithAuthority = RawRequestDefaultExpression & { authority?: string };

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
