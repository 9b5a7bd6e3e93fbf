/** Presence (PubNub): its routes, and the one place where its errors become answers. */
import type { TSchema } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreUnavailable } from '../../store/store.ts';
import { type App, type MakeProtocol, NotFound } from '../protocol.ts';
import { callbackOf, presenceHeaders, registryHeaders, sendJson, timeHeaders } from './answer.ts';
import { errorOfPath, errors, PresenceError } from './errors.ts';
import { heartbeat, leaveChannels } from './heartbeat.ts';
import { globalHereNow, hereNow, whereNow } from './here-now.ts';
import { allGroups, registerChannels, removeGroup } from './registration.ts';
import { type Query, segmentsOf } from './request.ts';
import * as schemas from './schemas.ts';
import { putState, readState } from './state.ts';

const beaten = '{"status":200,"message":"OK","service":"Presence"}';
const left = '{"status":200,"action":"leave","message":"OK","service":"Presence"}';

/** Paths of the vendor's API, whether emulated or not. */
const vendorPath = /^\/(?:v[123]|publish|signal|subscribe|time)(?:\/|$)/;

type Operation = (
  segments: readonly string[],
  query: Query,
) => Promise<string | Readonly<Record<string, unknown>>>;

export const presence: MakeProtocol = ({ store, config, wallMs }) => {
  /** SDKs spell the same path both ways. */
  const keyWords = ['sub-key', 'sub_key'];

  const toError = (error: Error, request: FastifyRequest): PresenceError => {
    if (error instanceof PresenceError) return error;
    if (error instanceof NotFound) return errorOfPath((request.raw.url ?? '').split('?', 1)[0] ?? '');
    if (error instanceof StoreUnavailable) return errors.unavailable();
    const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
    if (code === 'FST_ERR_MAX_PARAM_LENGTH') return errors.uriTooLong();
    if (statusCode < 500) return errors.unreadable();
    request.log.error({ err: error }, 'presence: internal error');
    return errors.internal(request.id);
  };

  const serve = (
    app: App,
    path: string,
    querystring: TSchema,
    headers: Readonly<Record<string, string>>,
    operation: Operation,
  ): void => {
    app.get(path, { schema: { tags: ['presence'], querystring } }, async (request, reply) => {
      const query = request.query as Query;
      const callback = callbackOf(query.callback);
      const answer = await operation(segmentsOf(request.raw.url ?? ''), query);
      return sendJson(reply, headers, typeof answer === 'string' ? answer : JSON.stringify(answer), callback);
    });
  };

  return {
    name: 'presence',
    claims: (path) => vendorPath.test(path),

    answerError(error, request, reply): FastifyReply {
      const { status, body, headers } = toError(error, request);
      const { callback } = (request.query ?? {}) as Query;
      let wrapIn: string | undefined;
      try {
        wrapIn = callbackOf(callback);
      } catch {
        // A name that cannot be a function's gets its error as plain JSON.
      }
      return sendJson(reply.code(status).headers(headers), presenceHeaders, JSON.stringify(body), wrapIn);
    },

    async routes(app) {
      for (const word of keyWords) {
        const root = `/v2/presence/${word}/:subscribeKey`;
        serve(
          app,
          `${root}/channel/:channels/heartbeat`,
          schemas.heartbeatQuery,
          presenceHeaders,
          async (path, query) => {
            await heartbeat(store, config, path[3] ?? '', path[5] ?? '', query);
            return beaten;
          },
        );
        serve(
          app,
          `${root}/channel/:channels/leave`,
          schemas.leaveQuery,
          presenceHeaders,
          async (path, query) => {
            await leaveChannels(store, config, path[3] ?? '', path[5] ?? '', query);
            return left;
          },
        );
        serve(app, `${root}/channel/:channels`, schemas.hereNowQuery, presenceHeaders, (path, query) =>
          hereNow(store, config, path[3] ?? '', path[5] ?? '', query),
        );
        serve(app, root, schemas.hereNowQuery, presenceHeaders, (path, query) =>
          globalHereNow(store, path[3] ?? '', query),
        );
        serve(app, `${root}/uuid/:uuid`, schemas.whereNowQuery, presenceHeaders, (path) =>
          whereNow(store, path[3] ?? '', path[5] ?? ''),
        );
        serve(
          app,
          `${root}/channel/:channels/uuid/:uuid/data`,
          schemas.setStateQuery,
          presenceHeaders,
          (path, query) => putState(store, config, path[3] ?? '', path[5] ?? '', path[7] ?? '', query),
        );
        serve(
          app,
          `${root}/channel/:channels/uuid/:uuid`,
          schemas.getStateQuery,
          presenceHeaders,
          (path, query) => readState(store, config, path[3] ?? '', path[5] ?? '', path[7] ?? '', query),
        );
        const registration = `/v1/channel-registration/${word}/:subscribeKey/channel-group`;
        serve(app, `${registration}/:group`, schemas.registrationQuery, registryHeaders, (path, query) =>
          registerChannels(store, path[3] ?? '', path[5] ?? '', query),
        );
        serve(app, `${registration}/:group/remove`, schemas.whereNowQuery, registryHeaders, (path) =>
          removeGroup(store, path[3] ?? '', path[5] ?? ''),
        );
        serve(app, registration, schemas.whereNowQuery, registryHeaders, (path) =>
          allGroups(store, path[3] ?? ''),
        );
      }

      app.get('/time/:callback', { schema: { tags: ['presence'] } }, async (request, reply) => {
        // Raw digits: a JSON number of this size does not survive a double.
        const json = `[${BigInt(Math.floor(wallMs())) * 10_000n}]`;
        return sendJson(
          reply,
          timeHeaders,
          json,
          callbackOf((request.params as { callback: string }).callback),
        );
      });

      for (const path of ['/v1/*', '/v2/*', '/v3/*', '/publish/*', '/signal/*', '/subscribe/*', '/time/*']) {
        app.options(path, { schema: { hide: true } }, async (_request, reply) =>
          reply
            .headers({
              ...presenceHeaders,
              'access-control-allow-methods': 'OPTIONS, GET, POST, DELETE',
              'access-control-allow-headers': 'Origin, X-Requested-With, Content-Type, Accept',
            })
            .send(''),
        );
      }
    },
  };
};
