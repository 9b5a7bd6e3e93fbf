/** Presence (PubNub): its routes, and the one place where its errors become answers. */
import type { TSchema } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { StoreUnavailable } from '../../store/store.ts';
import { type App, type MakeProtocol, NotFound } from '../protocol.ts';
import { type Caller, type Demand, makeAccess, parseKeyset } from './access.ts';
import { callbackOf, methodsAllowed, presenceHeaders, registryHeaders, sendJson } from './answer.ts';
import type { Call } from './call.ts';
import { errorOfPath, errors, PresenceError } from './errors.ts';
import { grantV2, grantV3, revoke } from './grant-calls.ts';
import { heartbeat, leaveChannels } from './heartbeat.ts';
import { globalHereNow, hereNow, whereNow } from './here-now.ts';
import { messageCounts } from './message-counts.ts';
import { tenantOf } from './occupants.ts';
import {
  messageInPath,
  type PublishKind,
  publish,
  publishRefusals,
  type Refusals,
  sent,
  textInBody,
} from './publish.ts';
import { allGroups, registerChannels, removeGroup } from './registration.ts';
import {
  companion,
  decode,
  listeningTo,
  listeningToGroups,
  type Query,
  queryOf,
  segmentsOf,
  subscribeKeyOf,
} from './request.ts';
import * as schemas from './schemas.ts';
import { putState, readState } from './state.ts';
import { makePolls, renderV1, renderV2, subscribe, timetokenOf } from './subscribe.ts';
import { bits } from './token.ts';

const beaten = '{"status":200,"message":"OK","service":"Presence"}';
const left = '{"status":200,"action":"leave","message":"OK","service":"Presence"}';

/** Paths of the vendor's API, whether emulated or not. */
const vendorPath = /^\/(?:v[123]|publish|signal|subscribe|time)(?:\/|$)/;

/** A body larger than any message, for what is compressed badly; more is not even read. */
const maxBodyBytes = 64 * 1_024;

/** One request of an operation: `path` are its segments, still encoded. */
interface Asked {
  readonly call: Call;
  readonly path: readonly string[];
  readonly subscribeKey: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Operation {
  readonly path: string;
  readonly method?: HTTPMethods;
  readonly querystring: TSchema;
  readonly headers: Readonly<Record<string, string>>;
  /** Which segment is the subscribe key, which names channels, and which a JSONP callback (else a parameter does). */
  readonly keyAt: number;
  readonly channelsAt?: number;
  readonly callbackAt?: number;
  demand(asked: Asked): Demand;
  /** JSON text, or what becomes it. */
  run(asked: Asked): Promise<string | Readonly<Record<string, unknown>>>;
}

const accessRefusals: Refusals = { unreadable: errors.unreadable, tooLarge: errors.unreadable };

const nothing = (): Demand => ({ kind: 'nothing' });
const signature = (): Demand => ({ kind: 'signature' });

/** A permission on the channels and groups of the request. */
function permission(bit: number, withCompanions = false): (asked: Asked) => Demand {
  return ({ call }) => {
    const channels = listeningTo(call.channels);
    const groups = listeningToGroups(call.query['channel-group']);
    const companions = (names: readonly string[]): string[] =>
      withCompanions ? names.map((name) => name + companion) : [];
    return {
      kind: 'permission',
      bit,
      channels: [...channels.names, ...companions(channels.companionsOf)],
      groups: [...groups.names, ...companions(groups.companionsOf)],
    };
  };
}

/** A permission on the group or channel that a segment names. */
function permissionOn(what: 'channels' | 'groups', at: number, bit: number): (asked: Asked) => Demand {
  return ({ path }) => {
    const names = [decode(path[at] ?? '', errors.invalidChannel)];
    return { kind: 'permission', bit, channels: [], groups: [], [what]: names };
  };
}

export const presence: MakeProtocol = ({ store, config, wallMs }) => {
  /** SDKs spell the same path both ways. */
  const keyWords = ['sub-key', 'sub_key'];
  const keysets = config.presenceKeys.flatMap((text) => parseKeyset(text) ?? []);
  const access = makeAccess(store, keysets, config.presenceAuth === 'verify', wallMs);
  const polls = makePolls();
  const timetokenNow = (): string => String(BigInt(Math.floor(wallMs())) * 10_000n);

  const toError = (error: Error, request: FastifyRequest): PresenceError => {
    if (error instanceof PresenceError) return error;
    if (error instanceof NotFound) return errorOfPath((request.raw.url ?? '').split('?', 1)[0] ?? '');
    if (error instanceof StoreUnavailable) return errors.unavailable();
    const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
    if (code === 'FST_ERR_MAX_PARAM_LENGTH') return errors.uriTooLong();
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return errors.messageTooLarge();
    if (statusCode < 500) return errors.unreadable();
    request.log.error({ err: error }, 'presence: internal error');
    return errors.internal(request.id);
  };

  const serve = (app: App, operation: Operation): void => {
    const { path, method = 'GET', querystring, headers, keyAt, channelsAt, callbackAt } = operation;
    const schema = { tags: ['presence'], querystring };
    app.route({ method, url: path, schema, handler });

    async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const url = request.raw.url ?? '';
      const query = queryOf(url, request.query as Query);
      const segments = segmentsOf(url);
      const callback = callbackOf(callbackAt === undefined ? query.callback : segments[callbackAt]);
      const subscribeKey = subscribeKeyOf(segments[keyAt] ?? '');
      const tenant = tenantOf(subscribeKey);
      const channels = channelsAt === undefined ? '' : (segments[channelsAt] ?? '');
      const call: Call = { store, settings: config, tenant, channels, query };
      const asked: Asked = { call, path: segments, subscribeKey, request, reply };
      if (keysets.length > 0) {
        const caller: Caller = { tenant, subscribeKey, query, request: await signedRequest(request) };
        await access.admit(caller, () => operation.demand(asked));
      }
      if (headers === presenceHeaders && !config.presenceEnabled) throw errors.notTurnedOn();
      const answer = await operation.run(asked);
      return sendJson(reply, headers, typeof answer === 'string' ? answer : JSON.stringify(answer), callback);
    }
  };

  const bodyOf = async (request: FastifyRequest, refusals: Refusals): Promise<string> =>
    textInBody(
      (request.body as Buffer | undefined) ?? Buffer.alloc(0),
      request.headers['content-encoding'],
      refusals,
    );

  const signedRequest = async (request: FastifyRequest): Promise<Caller['request']> => {
    const [path = '', query = ''] = (request.raw.url ?? '').split('?', 2);
    // What is published is signed without its body.
    const needsBody = request.method === 'POST' && !path.startsWith('/publish');
    return {
      method: request.method,
      path,
      query,
      body: needsBody ? await bodyOf(request, accessRefusals) : '',
    };
  };

  const hold = async ({ call, subscribeKey, reply }: Asked, after: bigint) => {
    const poll = polls.hold(config.presenceHoldSeconds * 1_000, (gone) => reply.raw.once('close', gone));
    try {
      return await subscribe(call, subscribeKey, after, poll);
    } finally {
      poll.done();
    }
  };

  const publishing = (kind: PublishKind, path: string, method: HTTPMethods): Operation => ({
    path,
    method,
    querystring: schemas.publishQuery,
    headers: methodsAllowed(method),
    keyAt: 2,
    callbackAt: 5,
    demand: permissionOn('channels', 4, bits.write),
    async run({ call, path: segments, subscribeKey, request }) {
      access.checkPublishKey(subscribeKey, decode(segments[1] ?? '', errors.publishInvalidKey));
      const json = method === 'POST' ? await bodyOf(request, publishRefusals) : messageInPath(segments);
      return sent(await publish(call, kind, segments[4] ?? '', json));
    },
  });

  const operations = (word: string): Operation[] => {
    const root = `/v2/presence/${word}/:subscribeKey`;
    const inChannels = {
      path: `${root}/channel/:channels`,
      keyAt: 3,
      channelsAt: 5,
      headers: presenceHeaders,
    };
    const registration = {
      path: `/v1/channel-registration/${word}/:subscribeKey/channel-group`,
      keyAt: 3,
      headers: registryHeaders,
    };
    return [
      {
        ...inChannels,
        path: `${inChannels.path}/heartbeat`,
        querystring: schemas.heartbeatQuery,
        demand: permission(bits.read),
        run: async ({ call }) => {
          await heartbeat(call);
          return beaten;
        },
      },
      {
        ...inChannels,
        path: `${inChannels.path}/leave`,
        querystring: schemas.leaveQuery,
        demand: nothing,
        run: async ({ call }) => {
          await leaveChannels(call);
          return left;
        },
      },
      {
        ...inChannels,
        querystring: schemas.hereNowQuery,
        demand: permission(bits.read),
        run: ({ call }) => hereNow(call),
      },
      {
        path: root,
        keyAt: 3,
        headers: presenceHeaders,
        querystring: schemas.hereNowQuery,
        // Over all channels of a key: what is granted on single ones does not reach so far.
        demand: () => ({ kind: 'permission', bit: bits.read, channels: ['*'], groups: [] }),
        run: ({ call }) => globalHereNow(call),
      },
      {
        path: `${root}/uuid/:uuid`,
        keyAt: 3,
        headers: presenceHeaders,
        querystring: schemas.plainQuery,
        demand: nothing,
        run: ({ call, path }) => whereNow(call, path[5] ?? ''),
      },
      {
        ...inChannels,
        path: `${inChannels.path}/uuid/:uuid/data`,
        querystring: schemas.setStateQuery,
        demand: permission(bits.read),
        run: ({ call, path }) => putState(call, path[7] ?? ''),
      },
      {
        ...inChannels,
        path: `${inChannels.path}/uuid/:uuid`,
        querystring: schemas.getStateQuery,
        demand: permission(bits.read),
        run: ({ call, path }) => readState(call, path[7] ?? ''),
      },
      {
        ...registration,
        path: `${registration.path}/:group`,
        querystring: schemas.registrationQuery,
        demand: permissionOn('groups', 5, bits.manage),
        run: ({ call, path }) => registerChannels(call, path[5] ?? ''),
      },
      {
        ...registration,
        path: `${registration.path}/:group/remove`,
        querystring: schemas.plainQuery,
        demand: permissionOn('groups', 5, bits.manage),
        run: ({ call, path }) => removeGroup(call, path[5] ?? ''),
      },
      {
        ...registration,
        querystring: schemas.plainQuery,
        demand: () => ({ kind: 'permission', bit: bits.manage, channels: [], groups: ['*'] }),
        run: ({ call }) => allGroups(call),
      },
      {
        path: `/v3/history/${word}/:subscribeKey/message-counts/:channels`,
        keyAt: 3,
        channelsAt: 5,
        headers: methodsAllowed('GET'),
        querystring: schemas.messageCountsQuery,
        demand: permission(bits.read),
        run: ({ call, path }) => messageCounts(call, path[5] ?? ''),
      },
      {
        path: `/v2/auth/grant/${word}/:subscribeKey`,
        keyAt: 4,
        headers: methodsAllowed('GET'),
        querystring: schemas.grantQuery,
        demand: signature,
        run: ({ call, subscribeKey }) => grantV2(call, subscribeKey),
      },
    ];
  };

  const subscribeOperations: readonly Operation[] = [
    {
      path: '/v2/subscribe/:subscribeKey/:channels/:callback',
      keyAt: 2,
      channelsAt: 3,
      callbackAt: 4,
      headers: methodsAllowed('GET'),
      querystring: schemas.subscribeQuery,
      demand: permission(bits.read, true),
      run: async (asked) => renderV2(await hold(asked, timetokenOf(asked.call.query))),
    },
    {
      path: '/subscribe/:subscribeKey/:channels/:callback/:timetoken',
      keyAt: 1,
      channelsAt: 2,
      callbackAt: 3,
      headers: methodsAllowed('GET'),
      querystring: schemas.subscribeQuery,
      demand: permission(bits.read, true),
      async run(asked) {
        const answer = await hold(asked, timetokenOf({ tt: asked.path[4] }));
        return renderV1(answer, (asked.call.query['channel-group'] ?? '') !== '');
      },
    },
  ];

  const grantV3Operations: readonly Operation[] = [
    {
      path: '/v3/pam/:subscribeKey/grant',
      method: 'POST',
      keyAt: 2,
      headers: methodsAllowed('POST'),
      querystring: schemas.plainQuery,
      demand: signature,
      run: async ({ subscribeKey, request }) =>
        grantV3(access.secretOf(subscribeKey), await bodyOf(request, accessRefusals), wallMs()),
    },
    {
      path: '/v3/pam/:subscribeKey/grant/:token',
      method: 'DELETE',
      keyAt: 2,
      headers: methodsAllowed('DELETE'),
      querystring: schemas.plainQuery,
      demand: signature,
      run: ({ call, path, subscribeKey }) =>
        revoke(call, decode(path[4] ?? '', errors.unreadable), access.secretOf(subscribeKey), wallMs()),
    },
  ];

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
      const json = JSON.stringify(typeof body === 'function' ? body(timetokenNow()) : body);
      return sendJson(reply.code(status), { ...presenceHeaders, ...headers }, json, wrapIn);
    },

    async routes(app) {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
        done(null, body),
      );
      // Clients that are told nothing for minutes must not hold up the end.
      app.addHook('preClose', async () => polls.close());

      for (const word of keyWords) for (const operation of operations(word)) serve(app, operation);
      for (const operation of [...subscribeOperations, ...grantV3Operations]) serve(app, operation);
      const places = ':publishKey/:subscribeKey/:zero/:channel/:callback';
      serve(app, publishing('message', `/publish/${places}/*`, 'GET'));
      serve(app, publishing('message', `/publish/${places}`, 'POST'));
      serve(app, publishing('signal', `/signal/${places}/*`, 'GET'));
      serve(app, publishing('signal', `/signal/${places}`, 'POST'));

      app.get('/time/:callback', { schema: { tags: ['presence'] } }, async (request, reply) => {
        // Raw digits: a JSON number of this size does not survive a double.
        const { callback } = request.params as { callback: string };
        return sendJson(reply, methodsAllowed('GET'), `[${timetokenNow()}]`, callbackOf(callback));
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
