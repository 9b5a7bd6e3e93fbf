/**
 * Serves chosen routes past Fastify. Its routing, hooks and reading of a body cost a third of what a bare server spends on a whole
 * request, which heartbeats, by far the most frequent requests, do without.
 *
 * Only plain requests are taken: a path of unreserved characters, a body of a stated length within its limit, a usual Content-Type.
 * Everything else, and everything while the server closes, is left to Fastify, which serves the same routes.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'fast-querystring';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { smallBytes } from './connections/load.ts';
import type { RefuseOverload } from './connections/overload.ts';
import type { WholeRequest } from './whole/request.ts';
import type { WholeResponse } from './whole/response.ts';

/** A route that is served past Fastify as well. */
export interface DirectRoute {
  readonly method: string;
  /** As Fastify spells paths; segments are fixed or parameters. */
  readonly path: string;
  readonly protocol: string;
  /** Maximum bytes of a request body. */
  readonly bodyLimit: number;
  /** Answers the request. Both have those members only that `DirectRequest` and `DirectReply` name. */
  handle(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Answers a request whose handler failed. */
  sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

export interface DirectOptions {
  readonly log: FastifyBaseLogger;
  requestId(raw: IncomingMessage): string;
  /** Returns the host that a request asks for. */
  authorityOf(request: FastifyRequest): string;
  clientAddress(request: FastifyRequest): string;
  /** Calls `start` when the connection has room for another request. */
  admit(raw: IncomingMessage, response: ServerResponse, start: () => void): void;
  /** Called when a reply was sent. */
  onResponse(request: FastifyRequest, reply: FastifyReply): void;
  /** Whether all requests are left to Fastify, as the server closes. */
  isClosing(): boolean;
  /** Whether requests are refused now. Those that Node's parser read are left to Fastify. */
  isLate(): boolean;
  /** Refuses a request while the process is overloaded. */
  readonly refuse: RefuseOverload;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Serves a route past Fastify as well. Absent: all requests are served by Fastify. */
    serveDirectly?(route: DirectRoute): void;
  }
}

/** What handlers and their observers use of Fastify's request. */
type DirectRequestMembers = Pick<FastifyRequest, HttpMember | OwnMember | 'operation' | 'heldMs' | 'log'>;
type HttpMember = 'raw' | 'method' | 'url' | 'headers' | 'params' | 'query' | 'body';
type OwnMember = 'id' | 'clientAddress' | 'authority';

class DirectRequest implements DirectRequestMembers {
  readonly raw: IncomingMessage;
  readonly url: string;
  readonly routeOptions: CompiledRoute['options'];
  body: Buffer | undefined = undefined;
  operation = '';
  heldMs = 0;
  readonly #route: CompiledRoute;
  readonly #options: DirectOptions;
  #query: Readonly<Record<string, unknown>> | undefined;
  #id: string | undefined;

  constructor(raw: IncomingMessage, url: string, route: CompiledRoute, options: DirectOptions) {
    this.raw = raw;
    this.url = url;
    this.routeOptions = route.options;
    this.#route = route;
    this.#options = options;
  }

  /** Most are never asked for their id, which may be in a header: to read one header is to parse all. */
  get id(): string {
    this.#id ??= this.#options.requestId(this.raw);
    return this.#id;
  }

  get method(): string {
    return this.raw.method ?? '';
  }

  get headers(): FastifyRequest['headers'] {
    return this.raw.headers;
  }

  get params(): Readonly<Record<string, string>> {
    const { pattern, parameters } = this.#route;
    const values = pattern.exec(this.url) ?? [];
    return Object.fromEntries(parameters.map((name, at) => [name, values[at + 1] ?? '']));
  }

  get query(): Readonly<Record<string, unknown>> {
    if (this.#query === undefined) {
      const start = this.url.indexOf('?');
      this.#query = parseQuery(start === -1 ? '' : this.url.slice(start + 1));
    }
    return this.#query;
  }

  get clientAddress(): string {
    return this.#options.clientAddress(this as unknown as FastifyRequest);
  }

  get authority(): string {
    return this.#options.authorityOf(this as unknown as FastifyRequest);
  }

  get log(): FastifyBaseLogger {
    return this.#options.log;
  }
}

/** What handlers and their observers use of Fastify's reply. */
class DirectReply {
  readonly raw: ServerResponse;
  readonly request: FastifyRequest;
  readonly #startedMs = performance.now();

  constructor(raw: ServerResponse, request: FastifyRequest) {
    this.raw = raw;
    this.request = request;
  }

  get statusCode(): number {
    return this.raw.statusCode;
  }

  get elapsedTime(): number {
    return performance.now() - this.#startedMs;
  }

  /** There is nothing that would send a reply otherwise. */
  hijack(): this {
    return this;
  }
}

interface CompiledRoute {
  readonly route: DirectRoute;
  /** Matches a target with the route's path, and captures its parameters. */
  readonly pattern: RegExp;
  readonly parameters: readonly string[];
  /** As Fastify has them. */
  readonly options: { readonly url: string; readonly config: { readonly protocol: string } };
}

/** Matches segments that are their own decoded form, as routers see them. */
const plainSegment = "([\\w.,~:@!$'()*+=-]+)";
/** A longer target is left to Fastify, which bounds it. */
const maxUrlLength = 8_192;
const plainType = /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[\w-]+)?$/i;

export interface Direct {
  add(route: DirectRoute): void;
  /** Serves a request that Node's parser did not read. Returns false, and does nothing, if it is left to Node. */
  serveWhole(request: WholeRequest, response: WholeResponse): boolean;
}

/** Takes requests of an HTTP server before its own listener. */
export function serveDirectly(server: Server, options: DirectOptions): Direct {
  const routes = new Map<string, CompiledRoute[]>();
  const others = server.listeners('request') as ((raw: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    const route = options.isClosing() || options.isLate() ? undefined : find(routes, raw);
    const length = route === undefined ? undefined : bodyLength(raw, route.route.bodyLimit);
    if (route === undefined || length === undefined) for (const other of others) other(raw, response);
    else serve({ raw, response, route, length }, options);
  });
  return {
    add(route) {
      routes.set(route.method, [...(routes.get(route.method) ?? []), compile(route)]);
    },
    serveWhole(request, response) {
      const route = options.isClosing() ? undefined : find(routes, request);
      if (route === undefined || bodyLength(request, route.route.bodyLimit) !== request.body.length)
        return false;
      serveRead(route, request, response, options);
      return true;
    },
  };
}

function compile(route: DirectRoute): CompiledRoute {
  const segments = route.path.split('/');
  const pattern = segments
    .map((segment) => (segment.startsWith(':') ? plainSegment : segment.replaceAll('.', '\\.')))
    .join('/');
  return {
    route,
    pattern: new RegExp(`^${pattern}(?:\\?|$)`),
    parameters: segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1)),
    options: { url: route.path, config: { protocol: route.protocol } },
  };
}

function find(
  routes: ReadonlyMap<string, readonly CompiledRoute[]>,
  { url = '', method = '' }: Pick<IncomingMessage, 'url' | 'method'>,
): CompiledRoute | undefined {
  if (url.length > maxUrlLength) return undefined;
  // By index, and without what a match captures, which few handlers ask for.
  const known = routes.get(method) ?? [];
  for (let at = 0; at < known.length; at += 1) if (known[at]?.pattern.test(url) === true) return known[at];
  return undefined;
}

/** Returns the length of the body to read, 0 for none; undefined if Fastify has to judge the request. */
function bodyLength(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  limit: number,
): number | undefined {
  if (method === 'GET') return 0;
  const { 'content-length': length, 'content-type': type } = headers;
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return undefined;
  // Without a type, an empty body is none to Fastify too.
  if (length === undefined || length === '0') return type === undefined ? 0 : undefined;
  if (type !== undefined && !plainType.test(type)) return undefined;
  const bytes = Number(length);
  return bytes > 0 && bytes <= limit && bytes < smallBytes ? bytes : undefined;
}

interface Exchange {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: CompiledRoute;
  readonly length: number;
}

function serve({ raw, response, route: compiled, length }: Exchange, options: DirectOptions): void {
  const own = new DirectRequest(raw, raw.url ?? '', compiled, options);
  const request = own as unknown as FastifyRequest;
  const reply = new DirectReply(response, request) as unknown as FastifyReply;
  const { route } = compiled;
  response.on('finish', () => options.onResponse(request, reply));
  const handle = (): void => {
    route.handle(request, reply).catch((error: unknown) => route.sendError(error, request, reply));
  };
  options.admit(raw, response, () => {
    if (length === 0) handle();
    else
      readBody(raw, (body) => {
        own.body = body;
        handle();
      });
  });
}

/** Serves a request with its body. Both have those members of Node's that `DirectRequest` and `DirectReply` use. */
function serveRead(
  compiled: CompiledRoute,
  whole: WholeRequest,
  response: WholeResponse,
  options: DirectOptions,
): void {
  const own = new DirectRequest(whole as unknown as IncomingMessage, whole.url, compiled, options);
  if (whole.body.length > 0) own.body = whole.body;
  const request = own as unknown as FastifyRequest;
  const reply = new DirectReply(response as unknown as ServerResponse, request) as unknown as FastifyReply;
  const { route } = compiled;
  response.onSent = () => options.onResponse(request, reply);
  const handle = (refusal?: Error): void => {
    const served = refusal === undefined ? route.handle(request, reply) : Promise.reject(refusal);
    served.catch((error: unknown) => route.sendError(error, request, reply));
  };
  // Not given to Node: one late turn of the event loop would cost all busy connections this path.
  if (options.isLate()) options.refuse(request, reply, handle);
  else handle();
}

/** Reads a body whose length was checked. `done` is not called if the connection ends before the body. */
function readBody(raw: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  raw.on('data', (chunk: Buffer) => chunks.push(chunk));
  raw.on('end', () =>
    done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
  );
}
