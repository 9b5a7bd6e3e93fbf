/** The one dispatcher: match, read, authenticate, run, send. Turns a dialect and its operations into what the app mounts. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { smallBytes } from '../../http/connections/load.ts';
import { type HeaderList, type Reply, sendReply } from '../../http/reply.ts';
import type { Dialect } from './dialect.ts';
import { classify, type Failure, NotFound } from './failure.ts';
import type { Exchange, Interceptor, Send } from './intercept.ts';
import { explainUnrouted } from './notes/nearest-route.ts';
import { describeOperations } from './openapi.ts';
import type { Method, Operation } from './operation.ts';
import type { App, Protocol } from './protocol.ts';

/** Options of a protocol's dispatcher. */
export interface Dispatching<Call, Op extends Operation<Call>> {
  readonly dialect: Dialect<Call, Op>;
  readonly operations: readonly Op[];
  readonly interceptor?: Interceptor | undefined;
}

/** What the dispatcher provides of a protocol. */
export type Dispatched = Pick<
  Protocol,
  'name' | 'operationNames' | 'claims' | 'routes' | 'sendError' | 'openApi' | 'sampleError'
>;

/** Stands for the operation of a request that no route matched, or that could not be read. */
const unknown: Exchange['operation'] = { name: 'unknown', errors: [] };

/** Makes the routes, the error replies and the document of a protocol. */
export function dispatch<Call, Op extends Operation<Call>>(options: Dispatching<Call, Op>): Dispatched {
  const { dialect, operations } = options;
  const send = makeSendAnswer(options);
  const sendError = makeSendError(options, send);
  return {
    name: dialect.name,
    operationNames: [...new Set([...operations, unknown].map(({ name }) => name))],
    claims: (path, authority) => dialect.claims(path, authority),
    sendError,
    sampleError: (name) => dialect.sampleError?.(name),
    openApi: () => ({
      paths: describeOperations<Call>(dialect, operations),
      securitySchemes: dialect.securitySchemes ?? {},
    }),
    async routes(app) {
      readBodiesAsBytes(app);
      await dialect.install?.(app);
      register(app, options, { handle: makeHandle(options, send), sendError });
    },
  };
}

/** Sends what the interceptor makes of an answer; at once, unless that takes a promise. Without an exchange, sends the answer itself. */
type SendAnswer = (reply: FastifyReply, answer: Reply | Send, exchange?: Exchange) => void | Promise<void>;

function makeSendAnswer<Call, Op extends Operation<Call>>({
  dialect,
  interceptor,
}: Dispatching<Call, Op>): SendAnswer {
  const sendReplyNow = (reply: FastifyReply, wanted: Reply): void => {
    const answer = fitsLoad(reply, wanted) ? wanted : dialect.error({ kind: 'overloaded' }, reply.request);
    sendReply(reply, withHeaders(answer, dialect.headers?.(reply.request)));
  };
  const sendFinal = (reply: FastifyReply, answer: Reply | Send): void | Promise<void> =>
    typeof answer === 'function' ? answer(reply) : sendReplyNow(reply, answer);

  return (reply, answer, exchange) => {
    const final =
      exchange === undefined || interceptor?.after === undefined
        ? answer
        : interceptor.after(exchange, answer);
    if (final instanceof Promise) return final.then((settled) => sendFinal(reply, settled));
    return sendFinal(reply, final);
  };
}

/** Makes what serves a request of a known path: it reads the call, authenticates it, runs its operation, and sends the answer. */
function makeHandle<Call, Op extends Operation<Call>>(
  options: Dispatching<Call, Op>,
  send: SendAnswer,
): Handlers<Op>['handle'] {
  const { dialect, interceptor } = options;
  return async (candidates, request, reply) => {
    let exchange: Exchange | undefined;
    let answer: Reply | Send;
    try {
      // Every route has an operation.
      const first = candidates[0] as Op;
      const read = dialect.read(request, reply, first);
      const call = read instanceof Promise ? await read : read;
      const operation = candidates.find(({ when }) => when === undefined || when.test(call));
      if (operation === undefined) throw new NotFound(request.url);
      request.operation = operation.name;
      if (isObserving(interceptor))
        exchange = {
          protocol: dialect.name,
          operation,
          subject: operation.subject(call),
          request,
          reply,
          entry: undefined,
          firing: undefined,
        };
      const allowed = dialect.authenticate?.(call, operation, request);
      if (allowed !== undefined) await allowed;
      const asked = exchange === undefined ? undefined : interceptor?.before?.(exchange);
      const early = asked instanceof Promise ? await asked : asked;
      answer = early ?? (await operation.run(call));
    } catch (error) {
      const failure = classify(error, request);
      answer = dialect.error(failure, request);
      if (isObserving(interceptor)) {
        exchange ??= refusedExchange(dialect.name, { request, reply }, candidates[0]);
        exchange.notes = notesOn(options, failure, request);
      }
    }
    const sent = send(reply, answer, exchange);
    if (sent !== undefined) await sent;
  };
}

/** Makes what answers a request that no operation is known of. */
function makeSendError<Call, Op extends Operation<Call>>(
  options: Dispatching<Call, Op>,
  send: SendAnswer,
): Protocol['sendError'] {
  const { dialect, interceptor } = options;
  return async (error, request, reply) => {
    const failure = classify(error, request);
    const exchange = isObserving(interceptor)
      ? { ...refusedExchange(dialect.name, { request, reply }), notes: notesOn(options, failure, request) }
      : undefined;
    await send(reply, dialect.error(failure, request), exchange);
  };
}

/** Whether requests are shown to the interceptor now. */
function isObserving(interceptor: Interceptor | undefined): boolean {
  return interceptor !== undefined && interceptor.isIdle?.() !== true;
}

/** Returns the exchange of a request that was refused before it was known whose it is. */
function refusedExchange(
  protocol: string,
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  operation: Exchange['operation'] = unknown,
): Exchange {
  return { protocol, operation, subject: {}, request, reply, entry: undefined, firing: undefined };
}

/** Returns what a reader of the journal is told about a refusal. */
function notesOn<Call, Op extends Operation<Call>>(
  { dialect, operations }: Dispatching<Call, Op>,
  failure: Failure,
  request: FastifyRequest,
): readonly string[] {
  const own = dialect.explain?.(failure, request) ?? [];
  if (failure.kind !== 'not-found') return own;
  const routes = operations.flatMap(({ name, method, path, otherPaths = [] }) =>
    [path, ...otherPaths].map((one) => ({ name, methods: [method].flat(), path: one })),
  );
  return [...own, ...explainUnrouted(request.method, failure.path, routes)];
}

interface Handlers<Op> extends Pick<Protocol, 'sendError'> {
  handle(candidates: readonly Op[], request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

function withHeaders(reply: Reply, first: HeaderList | undefined): Reply {
  return first === undefined ? reply : { ...reply, headers: [...first, ...reply.headers] };
}

/** Whether a reply may be held in memory until its client has read it. Replies that were sent past Fastify have no server. */
function fitsLoad(reply: FastifyReply, { body }: Reply): boolean {
  if (body.length < smallBytes) return true;
  const { server } = reply as Partial<FastifyReply>;
  return server?.load?.hold(body.length, reply.request.clientAddress, reply.raw) !== false;
}

/** Clients send bodies with any Content-Type or none, and the vendor's error for a bad one is known to the operation. */
function readBodiesAsBytes(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function register<Call, Op extends Operation<Call>>(
  app: App,
  { dialect, operations }: Dispatching<Call, Op>,
  { handle, sendError }: Handlers<Op>,
): void {
  const joined = new Map<string, Route<Op>[]>();
  for (const route of routesOf<Call, Op>(operations)) {
    const { method, path, candidates } = route;
    const bodyLimit = candidates[0]?.bodyLimit ?? dialect.bodyLimit;
    const answer = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
      handle(candidates, request, reply);
    if (dialect.needsHooks !== true && candidates.some(({ isFrequent }) => isFrequent === true))
      app.serveDirectly?.({ method, path, protocol: dialect.name, bodyLimit, handle: answer, sendError });
    const hasHead = method === 'GET' && dialect.answersHead === true;
    const key = `${path} ${bodyLimit} ${hasHead}`;
    joined.set(key, [...(joined.get(key) ?? []), route]);
  }
  // To add a route is most of what it takes to start: methods of a path are one where they have the same options.
  for (const routes of joined.values()) {
    // Each has one route at least.
    const { path, method: onlyMethod, candidates } = routes[0] as Route<Op>;
    const byMethod = new Map<string, readonly Op[]>(routes.map((route) => [route.method, route.candidates]));
    app.route({
      method: routes.map(({ method }) => method),
      url: path,
      bodyLimit: candidates[0]?.bodyLimit ?? dialect.bodyLimit,
      exposeHeadRoute: onlyMethod === 'GET' && dialect.answersHead === true,
      // The vendor operations are documented from their own table.
      schema: { hide: true },
      // The route of a GET also answers HEAD where the dialect does.
      handler: (request, reply) => handle(byMethod.get(request.method) ?? candidates, request, reply),
    });
  }
}

interface Route<Op> {
  readonly method: Method;
  readonly path: string;
  readonly candidates: readonly Op[];
}

/** Operations by method and path, in the order of the table. */
function routesOf<Call, Op extends Operation<Call>>(operations: readonly Op[]): readonly Route<Op>[] {
  const routes = new Map<string, { method: Method; path: string; candidates: Op[] }>();
  for (const operation of operations) {
    const methods = typeof operation.method === 'string' ? [operation.method] : operation.method;
    for (const path of [operation.path, ...(operation.otherPaths ?? [])]) {
      for (const method of methods) {
        const route = routes.get(`${method} ${path}`);
        if (route === undefined) routes.set(`${method} ${path}`, { method, path, candidates: [operation] });
        else route.candidates.push(operation);
      }
    }
  }
  return [...routes.values()];
}
