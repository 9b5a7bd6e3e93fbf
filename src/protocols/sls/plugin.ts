/** SLS (Alibaba Cloud Simple Log Service): its routes, and the one place where its errors become answers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreUnavailable } from '../../store/store.ts';
import { answerAtOnce, type HeaderList, headerList } from '../answer-at-once.ts';
import { type MakeProtocol, NotFound } from '../protocol.ts';
import { makeProjectOf } from './addressing.ts';
import { makeRequestIds } from './answer.ts';
import { accessKeysOf, authenticate } from './authentication.ts';
import type { Serve, SlsContext } from './call.ts';
import { errors, SlsError } from './errors.ts';
import { serveGroups } from './group-routes.ts';
import { serveLogs } from './log-routes.ts';
import { firstOf, sentAtOf } from './request.ts';
import { serveResources } from './resource-routes.ts';
import { viewGroups } from './view.ts';

const maxJsonBytes = 1_024 * 1_024;
/** A body may be compressed badly, and still hold no more than it should. */
const bodySlackBytes = 64 * 1_024;

function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? Buffer.alloc(0);
}

/** Path and query as on the wire. */
function splitTarget(target: string): readonly [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

export const sls: MakeProtocol = ({ store, config, wallMs, randomBytes }) => {
  const context: SlsContext = {
    store,
    config,
    randomBytes,
    nowMicros: () => Math.floor(wallMs() * 1_000),
    logstores: new Map(),
    turn: { next: randomBytes(4).readUInt32BE() },
    groups: new Map(),
    queues: new Map(),
    nowSeconds: () => Math.floor(wallMs() / 1_000),
  };

  const requestId = makeRequestIds(context.nowSeconds, randomBytes(4).toString('hex'));

  // Lower case: one SDK looks names up as they are written.
  const requestIdHeader = 'x-log-requestid';
  const fixedHeaders = { 'access-control-allow-origin': '*', server: 'nginx/1.12.1' };
  const withoutBody = headerList(fixedHeaders);
  // No Content-Type without a body: one SDK parses what claims to be JSON.
  const withJson = headerList({ ...fixedHeaders, 'content-type': 'application/json' });

  const send = (
    reply: FastifyReply,
    status: number,
    json: string,
    id = requestId(),
    more: HeaderList = [],
  ): void =>
    answerAtOnce(
      reply,
      status,
      [requestIdHeader, id, ...(json === '' ? withoutBody : withJson), ...more],
      json,
    );

  const toError = (error: Error, request: FastifyRequest, id: string): SlsError => {
    if (error instanceof SlsError) return error;
    const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
    if (error instanceof NotFound) return errors.invalidMethod(path);
    if (error instanceof StoreUnavailable) return errors.busy();
    const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      const type = request.headers['content-type'] ?? '';
      return type === '' ? errors.missingContentType() : errors.invalidContentType(type);
    }
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return errors.bodyTooLarge();
    if (statusCode < 500) return errors.parameterInvalid('The request cannot be read');
    request.log.error({ err: error, slsRequestId: id }, 'sls: internal error');
    return errors.internal(id);
  };

  const projectOf = makeProjectOf(config.slsBaseDomains);
  const projectIn = (request: FastifyRequest, isOfAccount: boolean): string => {
    const named = projectOf(request.authority);
    if (isOfAccount) return named ?? '';
    const project = named ?? config.slsDefaultProject.toLowerCase();
    if (project === '') throw errors.invalidHost(request.authority);
    return project;
  };

  const keys = config.slsAuth === 'verify' ? accessKeysOf(config.slsKeys) : undefined;
  /** Throws the vendor's error, where the settings ask for signatures. */
  const check = (request: FastifyRequest): void => {
    if (keys === undefined) return;
    const [path = '', query = ''] = splitTarget(request.raw.url ?? '/');
    const signed = {
      method: request.method,
      path,
      query,
      headers: request.headers as Record<string, string | undefined>,
      body: bodyOf(request),
    };
    authenticate(signed, keys, wallMs());
  };

  return {
    name: 'sls',
    claims: (path) => path === '/' || /^\/(?:logstores|consumergroups)(?:\/|$)/.test(path),

    answerError(error, request, reply) {
      const id = requestId();
      const { status, code, message } = toError(error, request, id);
      send(reply, status, JSON.stringify({ errorCode: code, errorMessage: message }), id);
    },

    viewGroups: (tenant, limit) => viewGroups(context, tenant, limit),

    async routes(app) {
      // Clients send bodies chunked, with and without Content-Type, and some say JSON where there is nothing.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

      const serve: Serve = (method, url, options, run) => {
        const { isOpen = false, isOfAccount = false, takesLogs = false, ...documented } = options;
        app.route({
          method,
          url,
          bodyLimit: takesLogs ? config.slsMaxLogGroupBytes + bodySlackBytes : maxJsonBytes,
          // For the document: bodies are checked where the vendor's own error for them is known.
          schema: { tags: ['sls'], ...documented },
          validatorCompiler: () => () => true,
          exposeHeadRoute: false,
          handler: async (request, reply) => {
            const params = request.params as Record<string, string>;
            // A path that ends where a name should stand is answered as the live service does.
            if (Object.values(params).includes('')) throw new NotFound(request.url);
            const { logstore = '', group = '', shard = '' } = params;
            const project = projectIn(request, isOfAccount);
            if (!isOpen) check(request);
            const answer = await run({
              sentAt: sentAtOf(request.headers),
              project,
              logstore,
              group,
              shard,
              query: firstOf(request.query as Record<string, string | string[] | undefined>),
              headers: request.headers as Record<string, string | undefined>,
              body: bodyOf(request),
            });
            return typeof answer === 'string'
              ? send(reply, 200, answer)
              : reply
                  .headers({ [requestIdHeader]: requestId(), ...fixedHeaders, ...answer.headers })
                  .send(answer.body);
          },
        });
      };

      serveResources(serve, context);
      serveLogs(serve, context);
      serveGroups(serve, context);
      // A browser asks first whether a page of another origin may send JSON.
      app.options('/logstores/:logstore/track', { schema: { tags: ['sls'] } }, async (_request, reply) => {
        const allowed = headerList({
          'access-control-allow-methods': 'GET, POST, OPTIONS',
          'access-control-allow-headers':
            'content-type, x-log-apiversion, x-log-bodyrawsize, x-log-compresstype',
        });
        return send(reply, 200, '', requestId(), allowed);
      });
    },
  };
};
