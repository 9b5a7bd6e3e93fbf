/** The PBX API (OpenVox, Yeastar): its routes, and the one place where its errors become answers. */
import type { TObject } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { headerList, sendReply } from '../../http/reply.ts';
import { StoreUnavailable } from '../../store/store.ts';
import { NotFound } from '../kit/failure.ts';
import type { Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { type Errno, errnos, PbxError } from './api/errors.ts';
import {
  type Body,
  bodyToken,
  HeartbeatBody,
  LoginBody,
  QueryBody,
  queryParameters,
  RefreshBody,
  saysAnything,
} from './api/parameters.ts';
import { peerAddress } from './callback/callback-url.ts';
import { listCalls } from './calls/open-calls.ts';
import { type PbxSettings, readConfiguration } from './configuration.ts';
import { deliverReports } from './delivery/service.ts';
import { readModel } from './model/model.ts';
import { queries } from './model/queries.ts';
import { operatorRoutes } from './operator/operator-routes.ts';
import { pbxSettings } from './settings.ts';
import { rememberExpired } from './tokens/expired-tokens.ts';
import { moveCallback } from './tokens/heartbeat.ts';
import { refresh } from './tokens/token-refresh.ts';
import { endToken, type LiveToken, renewToken } from './tokens/tokens.ts';
import { login } from './users/login.ts';
import { makeLoginFailures } from './users/login-failures.ts';

const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE',
  'content-type': 'application/json',
} as const;

const listed = headerList(headers);

const success = '{"status":"Success"}';
const maxBodyBytes = 64 * 1_024;
/** A Content-Type that Fastify takes for one: token, slash, token, and perhaps parameters. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;
const versionPrefix = /^v\d+(?:\.\d+)*$/;

interface Endpoint {
  /** What a POST may carry. */
  readonly body?: TObject;
  /** The answer's JSON text. Throws PbxError. */
  run(call: Call): Promise<string>;
}

interface Call {
  readonly version: string;
  readonly token: string;
  readonly body: Body;
  readonly query: Readonly<Record<string, unknown>>;
  readonly isGet: boolean;
  readonly isStrict: boolean;
  readonly peer: string;
}

export const pbx = {
  name: 'pbx',
  title: 'PBX',
  settings: pbxSettings,
  create,
} satisfies ProtocolModule<typeof pbxSettings>;

function create(context: ProtocolContext, config: PbxSettings): Protocol {
  const { store, wallMs } = context;
  const settings = readConfiguration(config);
  const { access, model: configured, policyFor } = settings;
  const failures = makeLoginFailures(store);
  const loginContext = {
    store,
    settings: config,
    access,
    failures,
    policyFor,
    wallMs,
    randomBytes: context.randomBytes,
  };
  const heartbeatContext = { store, policyFor, wallMs };
  const startedMs = wallMs();
  const usersOfTokens = new Map<string, string>();
  const expired = config.pbxExpiredErrno === errnos.tokenTimedOut ? rememberExpired(store) : undefined;

  /** What was asked of a token; its refusal says more where the settings want it. */
  const ofToken = <T>(token: string, asked: Promise<T>): Promise<T> =>
    expired === undefined
      ? asked
      : asked.catch(async (error: unknown) => {
          throw await expired.explain(token, error);
        });

  /** Renews a token, for whoever may use it from where the request comes from. */
  const renewed = async ({ token, peer }: Call, withCallback: boolean): Promise<LiveToken> => {
    const live = await ofToken(token, renewToken(store, config, token, withCallback, usersOfTokens));
    if (!access.isOpen && !access.isFrom(live.user, peerAddress(peer)))
      throw new PbxError(errnos.unknownToken);
    return live;
  };

  const refreshEndpoint: Endpoint = {
    body: RefreshBody,
    async run({ body, isGet }) {
      if (isGet) throw new PbxError(errnos.postOnly);
      return JSON.stringify(await refresh(store, config, context.randomBytes, body));
    },
  };

  const endpoints = new Map<string, Endpoint>([
    [
      'heartbeat',
      {
        body: HeartbeatBody,
        async run(call) {
          const { body, query, isStrict } = call;
          const isPlain = !isStrict && !saysAnything(body, query);
          const live = await renewed(call, !isPlain);
          if (!isPlain) await moveCallback(heartbeatContext, live, body, query, isStrict);
          return success;
        },
      },
    ],
    [
      'login',
      {
        body: LoginBody,
        async run({ version, body, query, peer, isGet }) {
          if (isGet) throw new PbxError(errnos.postOnly);
          if (query.type === 'xml') throw new PbxError(errnos.xmlNotSupported);
          return JSON.stringify(await login(loginContext, version, body, peer));
        },
      },
    ],
    [
      'logout',
      {
        async run({ token }) {
          await ofToken(token, endToken(store, token));
          return success;
        },
      },
    ],
    ...(config.pbxFlavour === 'cloud' ? [['token/refresh', refreshEndpoint] as const] : []),
    ...[...queries].map(([name, { permission, answer }]): [string, Endpoint] => [
      name,
      {
        body: QueryBody,
        async run(call) {
          const { user } = await renewed(call, false);
          // Ours: the number that the documents give this was not to be found.
          if (!access.permits(user, permission)) throw new PbxError(errnos.requestNotSupported);
          const parameters = queryParameters(call.body);
          const [{ model }, calls] = await Promise.all([
            readModel(store, configured),
            permission === 'calls' ? listCalls(store) : [],
          ]);
          const answered = answer({ model, calls, parameters, wallMs: wallMs(), startedMs });
          return JSON.stringify({ status: 'Success', ...answered });
        },
      },
    ]),
  ]);

  const callOf = (request: FastifyRequest, version: string): Call => {
    const query = request.query as Readonly<Record<string, unknown>>;
    const token = Array.isArray(query.token) ? query.token[0] : (query.token ?? '');
    const body = {
      text: (request.body as string | undefined) ?? '',
      contentType: request.headers['content-type'] ?? '',
    };
    return {
      version,
      token: token === '' && config.pbxTokenInBody ? bodyToken(body) : String(token),
      body,
      query,
      isGet: request.method !== 'POST',
      isStrict: config.pbxStrict === 'always' || (config.pbxStrict === 'documented' && version === 'v0.0.1'),
      peer: request.ip,
    };
  };

  const toErrno = (error: unknown, request: FastifyRequest): Errno => {
    if (error instanceof PbxError) return error.errno;
    if (error instanceof NotFound) return errnos.requestNotSupported;
    if (error instanceof StoreUnavailable) return errnos.serviceUnreachable;
    const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return errnos.jsonOnly;
    if (statusCode < 500) return errnos.requestNotSupported;
    request.log.error({ err: error }, 'pbx: internal error');
    return errnos.internal;
  };

  const serve = async (request: FastifyRequest, reply: FastifyReply, name: string): Promise<void> => {
    const { version = '' } = request.params as { version?: string };
    const endpoint = versionPrefix.test(version) ? endpoints.get(name) : undefined;
    if (endpoint === undefined) {
      throw new PbxError(name === '' ? errnos.requestBlank : errnos.requestNotSupported);
    }
    const call = callOf(request, version);
    if (call.isGet && call.isStrict) throw new PbxError(errnos.postOnly);
    sendReply(reply, { status: 200, headers: listed, body: await endpoint.run(call) });
  };

  return {
    name: 'pbx',
    claims: (path) => path === '/api' || path.startsWith('/api/'),

    async sendError(error, request, reply) {
      const failed = `{"status":"Failed","errno":"${toErrno(error, request)}"}`;
      sendReply(reply, { status: 200, headers: listed, body: failed });
    },

    operatorRoutes: (app) =>
      operatorRoutes(app, {
        store,
        configured,
        failures,
        queueLength: config.pbxReportQueue,
        wallMs,
        randomBytes: context.randomBytes,
      }),

    async routes(app) {
      deliverReports(app, context, config, settings);
      app.addHook('onClose', async () => expired?.stop());
      // Clients send JSON under any Content-Type, or none: the text is kept and read after the token was looked at.
      app.removeAllContentTypeParsers();
      // What is no Content-Type at all would be refused before any parser, and before the token was looked at.
      app.addHook('onRequest', (request, _reply, done) => {
        const type = request.headers['content-type'];
        if (type !== undefined && !mediaType.test(type)) delete request.raw.headers['content-type'];
        done();
      });
      app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: maxBodyBytes }, (_request, body, done) =>
        done(null, body),
      );

      for (const [name, { body }] of endpoints) {
        const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
          serve(request, reply, name);
        // The schema is for the document: bodies are checked against it after the token was looked at.
        const documented = { tags: ['pbx'], ...(body === undefined ? {} : { body }) };
        const validatorCompiler = () => (): boolean => true;
        app.post(`/api/:version/${name}`, { schema: documented, validatorCompiler, handler });
        // Other spellings of a query find the route for everything else.
        if (queries.has(name)) continue;
        app.post(`/api/:version/${name}/`, { schema: { hide: true }, handler });
        app.get(`/api/:version/${name}`, { schema: { hide: true }, handler });
        app.get(`/api/:version/${name}/`, { schema: { hide: true }, handler });
      }
      app.route({
        method: ['GET', 'POST'],
        url: '/api/:version/*',
        schema: { hide: true },
        handler: (request, reply) =>
          serve(request, reply, (request.params as { '*': string })['*'].replace(/\/$/, '')),
      });
      app.route({
        method: ['PUT', 'DELETE', 'PATCH'],
        url: '/api/*',
        schema: { hide: true },
        handler: async () => {
          throw new PbxError(errnos.postOnly);
        },
      });
      app.options('/api/*', { schema: { hide: true } }, async (_request, reply) =>
        // The last one is ours: without it no browser would send JSON.
        reply.headers({ ...headers, 'access-control-allow-headers': 'Content-Type' }).send(''),
      );
    },
  };
}
