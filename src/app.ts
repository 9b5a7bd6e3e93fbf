/** The Fastify app: three protocols and the operator side over one store. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Config } from './config.ts';
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  limitConnections,
} from './http/connection-limits.ts';
import { type Metrics, makeMetrics } from './operator/metrics.ts';
import { isOperatorPath, operator } from './operator/plugin.ts';
import { pbx } from './protocols/pbx/plugin.ts';
import { presence } from './protocols/presence/plugin.ts';
import { type App, type MakeProtocol, NotFound, type ProtocolContext } from './protocols/protocol.ts';
import { sls } from './protocols/sls/plugin.ts';
import { logRequest } from './request-log.ts';
import type { Store } from './store/store.ts';

/** One line each: a fourth protocol is a folder and a line here. */
const protocols: readonly MakeProtocol[] = [sls, pbx, presence];

export interface AppOptions {
  readonly config: Config;
  readonly store: Store;
  readonly logger?: FastifyBaseLogger;
  readonly metrics?: Metrics;
  readonly wallMs?: () => number;
  readonly randomBytes?: (size: number) => Buffer;
  /** For how long clients may send a last request on the connections they have while the app closes, ms; 0 by default. */
  readonly lastRequestMs?: number;
  readonly connectionLimits?: ConnectionLimits;
}

/** Credentials before an authority are nobody's business here: they would end up in errors and logs. */
const absoluteForm = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i;
const loopback = /^(?:127\.|localhost$|::1$)/;

/** Builds the app; it does not listen, and it does not own the store. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, store } = options;
  const metrics = options.metrics ?? watchedMetrics(store);
  const context: ProtocolContext = {
    store,
    config,
    wallMs: options.wallMs ?? Date.now,
    randomBytes: options.randomBytes ?? randomBytes,
    registry: metrics.registry,
  };
  const made = protocols.map((make) => make(context));

  /** What no route matched, or could not be read, is still some protocol's to answer. */
  const answerUnrouted = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const path = (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
    const owner = isOperatorPath(path)
      ? undefined
      : made.find((protocol) => protocol.claims(path, request.authority));
    if (owner === undefined) reply.code(404).send({ error: `no such path: ${path.slice(0, 200)}` });
    else owner.answerError(error, request, reply);
  };

  const app = Fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    // One line a request, written by ourselves, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    // Paths carry lists of channels: the presence documentation allows 32 KiB of path and query.
    routerOptions: { maxParamLength: 32_768, ignoreTrailingSlash: false, caseSensitive: true },
    bodyLimit: 10 * 1024 * 1024,
    // What a schema does not allow is refused in words, not dropped in silence.
    ajv: { customOptions: { removeAdditional: false } },
    // Headers may be as long as the longest target and then some.
    http: { maxHeaderSize: 64 * 1_024, insecureHTTPParser: isLenient(config) },
    // A client that sends nothing for so long is gone; answers may take as long as a poll does.
    connectionTimeout: 0,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => answerUnrouted(error, request, reply),
    // An absolute-form target is how a client speaks to its HTTP proxy: the route is what follows the authority.
    rewriteUrl: (request) => {
      const url = request.url ?? '/';
      const match = url.startsWith('/') ? null : absoluteForm.exec(url);
      if (match === null) return url;
      (request as { authority?: string }).authority = match[1] ?? '';
      const rest = url.slice(match[0].length);
      return rest.startsWith('/') ? rest : `/${rest}`;
    },
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;

  limitConnections(app as unknown as FastifyInstance, options.connectionLimits ?? defaultConnectionLimits);
  app.decorateRequest('authority', {
    getter(this: FastifyRequest) {
      return (this.raw as { authority?: string }).authority ?? this.headers.host ?? '';
    },
  });
  observe(app, metrics);
  app.server.on('connect', refuseTunnel);
  // A body that cannot be read, on a path that nobody serves, is refused before it is looked for.
  app.setErrorHandler<Error>((error, request, reply) => answerUnrouted(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnrouted(new NotFound(request.url), request, reply));

  await app.register(swagger, {
    openapi: {
      info: { title: 'heartbeatd', version: '0.1.0' },
      tags: [...made, { name: 'operator' }].map(({ name }) => ({ name })),
    },
  });
  for (const protocol of made) {
    await app.register(async (instance) => {
      instance.setErrorHandler<Error>((error, request, reply) => protocol.answerError(error, request, reply));
      mark(instance, protocol.name);
      await protocol.routes(instance as unknown as App);
    });
  }
  await app.register(async (instance) => {
    mark(instance, 'operator');
    await operator(instance as unknown as App, { store, config, metrics, protocols: made });
  });
  // Last, so that polls are answered before.
  await app.register(async (instance) =>
    endConnections(instance as unknown as App, options.lastRequestMs ?? 0),
  );
  return app;
}

function watchedMetrics(store: Store): Metrics {
  const metrics = makeMetrics();
  metrics.watch(store);
  return metrics;
}

/** Logs and counts every answer, those too that no route gave. */
function observe(app: App, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url = 'none', config } = request.routeOptions;
    const operation = `${request.method} ${url}`;
    metrics.request(config.protocol ?? 'none', operation, reply.statusCode, reply.elapsedTime / 1_000);
    logRequest(request, reply);
    done();
  });
}

/** How often connections that became idle are looked for while the app closes, ms. */
const idleCheckMs = 25;

/**
 * How the app lets go of its clients. One that sends a request after the other has the next one on its way already: no new
 * connections are taken, and what comes on the old ones is answered for a while, with `connection: close`. After that, who
 * keeps a connection open must not hold up the end, nor must one that never said anything: Node counts a connection as idle
 * only after its first request.
 */
function endConnections(app: App, lastRequestMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('preClose', async () => {
    if (lastRequestMs > 0) {
      // An HTTP server's own way to stop also resets those that wait for their next request.
      NetServer.prototype.close.call(app.server);
      if (connections.size > 0) await sleep(lastRequestMs);
    }
    timer = setInterval(() => {
      app.server.closeIdleConnections();
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    }, idleCheckMs);
  });
  app.addHook('onClose', async () => clearInterval(timer));
}

/** Lets every route of an instance say whose it is. */
function mark(instance: FastifyInstance, protocol: string): void {
  instance.addHook('onRoute', (route) => {
    route.config = { ...route.config, protocol };
  });
}

/** One vendor's C++ client frames its bodies twice, which Node refuses by default. */
function isLenient({ lenientFraming, host }: Config): boolean {
  return lenientFraming === 'always' || (lenientFraming === 'loopback' && loopback.test(host));
}

/** What is no HTTP gets an answer all the same, and then the connection ends. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    sayGoodbye(socket, '431 Request Header Fields Too Large', 'the headers are too large');
  } else {
    sayGoodbye(socket, '400 Bad Request', 'this is no HTTP request that can be read');
  }
}

/** A client that was told to use this server as its proxy asks for a tunnel when its endpoint is https. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  const reason = 'heartbeatd opens no tunnels: use an endpoint that begins with http://';
  sayGoodbye(socket, '405 Method Not Allowed', reason, 'allow: GET, POST, PUT, DELETE, OPTIONS\r\n');
}

/** How long a client may take to read its last answer and to go, ms. */
const goodbyeMs = 2_000;

/** A last answer on a connection that no request will come from any more. */
function sayGoodbye(socket: Duplex, status: string, reason: string, headers = ''): void {
  const body = JSON.stringify({ error: reason });
  socket.on('error', () => {});
  // What still comes is thrown away: unread, it would keep the connection from ever being over.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
}
