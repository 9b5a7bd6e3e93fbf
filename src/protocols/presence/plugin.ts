/** Presence (PubNub): its routes, and the one place where its errors become answers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { headerList } from '../../http/reply.ts';
import { SettingError, type SettingsOf } from '../../settings/setting.ts';
import { StoreUnavailable, type Tenant } from '../../store/store.ts';
import { NotFound } from '../kit/failure.ts';
import type { App, Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { type Caller, makeAccess, parseKeyset } from './access/access.ts';
import { limitRate, type RateLimit } from './access/rate-limit.ts';
import { errorOfPath, errors, PresenceError } from './errors.ts';
import { tenantOf } from './membership/occupants.ts';
import type { Call } from './membership/places.ts';
import { selectionOf } from './membership/presence-channels.ts';
import { accessRefusals, type Refusals, textInBody } from './messages/publish.ts';
import { type Asked, type Operation, operationsOf } from './operations.ts';
import { presenceSettings } from './settings.ts';
import { makePolls } from './subscribe/polls.ts';
import { type Answer, subscribe } from './subscribe.ts';
import { callbackOf, methodsAllowed, presenceHeaders, sendJson } from './wire/headers.ts';
import { checkLength, checkQuery, type Query, queryOf, segmentAt, subscribeKeyOf } from './wire/request.ts';

/** Paths of the vendor's API, whether emulated or not. */
const vendorPath = /^\/(?:v[123]|publish|signal|subscribe|time)(?:\/|$)/;

/** A body larger than any message, for what is compressed badly; more is not even read. */
const maxBodyBytes = 64 * 1_024;

type PresenceSettings = SettingsOf<typeof presenceSettings>;

export const presence = {
  name: 'presence',
  title: 'Presence',
  settings: presenceSettings,
  checkSettings(settings: PresenceSettings) {
    if (settings.presenceAuth === 'verify' && settings.presenceKeys.length === 0)
      throw new SettingError('PRESENCE_AUTH: "verify" needs the keysets in PRESENCE_KEYS');
  },
  create,
} satisfies ProtocolModule<typeof presenceSettings>;

function create({ store, wallMs }: ProtocolContext, config: PresenceSettings): Protocol {
  const keysets = config.presenceKeys.flatMap((text) => parseKeyset(text) ?? []);
  const access = makeAccess(store, keysets, config.presenceAuth === 'verify', wallMs);
  const selection = selectionOf(config.presenceChannels);
  const polls = makePolls();
  const timetokenNow = (): string => String(BigInt(Math.floor(wallMs())) * 10_000n);

  const toError = (error: unknown, request: FastifyRequest): PresenceError => {
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

  // Nearly all requests have the key of the one before: to make the name of its tenant again, which must then be hashed to be
  // looked up, costs more than all else that is read from a path.
  let last = { subscribeKey: '', tenant: tenantOf('') };
  const tenantNamed = (subscribeKey: string): Tenant => {
    if (subscribeKey !== last.subscribeKey) last = { subscribeKey, tenant: tenantOf(subscribeKey) };
    return last.tenant;
  };

  const serve = (app: App, operation: Operation, onRequest: RateLimit): void => {
    const {
      path,
      method = 'GET',
      querystring,
      headers,
      keyAt,
      channelsAt,
      callbackAt,
      done = '',
    } = operation;
    const schema = { tags: ['presence'], querystring };
    const listed = headerList(headers);
    app.route({ method, url: path, schema, onRequest: [...onRequest], handler });

    async function handler(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const url = request.raw.url ?? '';
      const query = queryOf(url, request.query as Query);
      checkLength(url);
      checkQuery(url);
      const segment = (number: number): string => segmentAt(url, number);
      const callback = callbackOf(callbackAt === undefined ? query.callback : segment(callbackAt));
      const subscribeKey = subscribeKeyOf(segment(keyAt));
      const tenant = tenantNamed(subscribeKey);
      const channels = channelsAt === undefined ? '' : segment(channelsAt);
      const call: Call = { store, settings: config, selection, tenant, channels, query };
      const asked: Asked = { call, segment, subscribeKey, request, reply };
      if (keysets.length > 0) {
        const caller: Caller = { tenant, subscribeKey, query, request: await signedRequest(request) };
        await access.admit(caller, () => operation.demand(asked));
      }
      if (headers === presenceHeaders && !config.presenceEnabled) throw errors.notTurnedOn();
      const answer = (await operation.run(asked)) ?? done;
      sendJson(reply, 200, listed, typeof answer === 'string' ? answer : JSON.stringify(answer), callback);
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

  const hold = async ({ call, subscribeKey, reply }: Asked, after: bigint): Promise<Answer> => {
    const poll = polls.hold(config.presenceHoldSeconds * 1_000, (gone) => reply.raw.once('close', gone));
    try {
      return await subscribe(call, subscribeKey, after, poll);
    } finally {
      poll.done();
    }
  };

  const operations = operationsOf({ access, wallMs, bodyOf, hold });

  return {
    name: 'presence',
    claims: (path) => vendorPath.test(path),

    async sendError(error, request, reply) {
      const { status, body, headers } = toError(error, request);
      const inQuery = ((request.query ?? {}) as Query).callback;
      // Publish, signal and subscribe have it in their paths.
      const { callback = inQuery } = (request.params ?? {}) as { readonly callback?: string };
      let wrapIn: string | undefined;
      try {
        wrapIn = callbackOf(callback);
      } catch {
        // A name that cannot be a function's gets its error as plain JSON.
      }
      const json = JSON.stringify(typeof body === 'function' ? body(timetokenNow()) : body);
      sendJson(reply, status, headerList({ ...presenceHeaders, ...headers }), json, wrapIn);
    },

    async routes(app) {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
        done(null, body),
      );
      // Clients that are told nothing for minutes must not hold up the end.
      app.addHook('preClose', async () => polls.close());

      const limit = await limitRate(app, config.presenceRequestsPerSecond);
      for (const operation of operations) serve(app, operation, limit);

      app.get('/time/:callback', { schema: { tags: ['presence'] } }, async (request, reply) => {
        // Raw digits: a JSON number of this size does not survive a double.
        const { callback } = request.params as { callback: string };
        sendJson(reply, 200, headerList(methodsAllowed('GET')), `[${timetokenNow()}]`, callbackOf(callback));
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
}
