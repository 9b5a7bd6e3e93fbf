/** Presence (PubNub): its routes, and the one place where its errors become answers. */
import type { TSchema } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreUnavailable } from '../../store/store.ts';
import { type App, type MakeProtocol, NotFound } from '../protocol.ts';
import { callbackOf, presenceHeaders, registryHeaders, sendJson, timeHeaders } from './answer.ts';
import type { Call } from './call.ts';
import { errorOfPath, errors, PresenceError } from './errors.ts';
import { heartbeat, leaveChannels } from './heartbeat.ts';
import { globalHereNow, hereNow, whereNow } from './here-now.ts';
import { tenantOf } from './occupants.ts';
import { allGroups, registerChannels, removeGroup } from './registration.ts';
import { type Query, segmentsOf, subscribeKeyOf } from './request.ts';
import * as schemas from './schemas.ts';
import { putState, readState } from './state.ts';

const beaten = '{"status":200,"message":"OK","service":"Presence"}';
const left = '{"status":200,"action":"leave","message":"OK","service":"Presence"}';

/** Paths of the vendor's API, whether emulated or not. */
const vendorPath = /^\/(?:v[123]|publish|signal|subscribe|time)(?:\/|$)/;

/** `path`: its segments, still encoded. */
type Operation = (call: Call, path: readonly string[]) => Promise<string | Readonly<Record<string, unknown>>>;

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
      const path = segmentsOf(request.raw.url ?? '');
      const tenant = tenantOf(subscribeKeyOf(path[3] ?? ''));
      const call: Call = { store, settings: config, tenant, channels: path[5] ?? '', query };
      const answer = await operation(call, path);
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
        const inChannels = `${root}/channel/:channels`;
        serve(app, `${inChannels}/heartbeat`, schemas.heartbeatQuery, presenceHeaders, async (call) => {
          await heartbeat(call);
          return beaten;
        });
        serve(app, `${inChannels}/leave`, schemas.leaveQuery, presenceHeaders, async (call) => {
          await leaveChannels(call);
          return left;
        });
        serve(app, inChannels, schemas.hereNowQuery, presenceHeaders, hereNow);
        serve(app, root, schemas.hereNowQuery, presenceHeaders, globalHereNow);
        serve(app, `${root}/uuid/:uuid`, schemas.whereNowQuery, presenceHeaders, (call, path) =>
          whereNow(call, path[5] ?? ''),
        );
        serve(app, `${inChannels}/uuid/:uuid/data`, schemas.setStateQuery, presenceHeaders, (call, path) =>
          putState(call, path[7] ?? ''),
        );
        serve(app, `${inChannels}/uuid/:uuid`, schemas.getStateQuery, presenceHeaders, (call, path) =>
          readState(call, path[7] ?? ''),
        );
        const registration = `/v1/channel-registration/${word}/:subscribeKey/channel-group`;
        serve(app, `${registration}/:group`, schemas.registrationQuery, registryHeaders, (call, path) =>
          registerChannels(call, path[5] ?? ''),
        );
        serve(app, `${registration}/:group/remove`, schemas.whereNowQuery, registryHeaders, (call, path) =>
          removeGroup(call, path[5] ?? ''),
        );
        serve(app, registration, schemas.whereNowQuery, registryHeaders, allGroups);
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
