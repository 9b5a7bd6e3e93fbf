/** SLS (Alibaba Cloud Simple Log Service): its routes, and the one place where its errors become answers. */
import { type TSchema, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { StoreUnavailable } from '../../store/store.ts';
import { type MakeProtocol, NotFound } from '../protocol.ts';
import { projectOf } from './addressing.ts';
import { logstoreJson, makeRequestIds, projectJson, shardJson } from './answer.ts';
import { accessKeysOf, authenticate } from './authentication.ts';
import { getCheckpoints, updateCheckpoint } from './checkpoints.ts';
import { errors, SlsError } from './errors.ts';
import {
  createGroup,
  deleteGroup,
  deleteLogstore,
  type GroupContext,
  heartbeat,
  listGroups,
  updateGroup,
} from './groups.ts';
import { encodeLogGroup, type NewLogGroup } from './log-group.ts';
import {
  getCursor,
  getCursorTime,
  type LogContext,
  type PullAnswer,
  pullLogs,
  putLogs,
  readLogGroup,
  uncompressed,
} from './logs.ts';
import {
  firstOf,
  heldOf,
  known,
  pageOf,
  parsed,
  sentAtOf,
  splitAt,
  trackedIn,
  webtrackingOf,
} from './request.ts';
import {
  createLogstore,
  createProject,
  deleteProject,
  deleteShard,
  listLogstores,
  listProjects,
  readLogstore,
  readProject,
  reshape,
  updateLogstore,
  updateProject,
} from './resources.ts';
import * as schemas from './schemas.ts';
import { viewGroups } from './view.ts';

/** A body may be compressed badly, and still hold no more than it should. */
const bodySlackBytes = 64 * 1_024;
const maxConsumerLength = 256;

interface Call {
  /** When the client says that it sent the request, seconds since 1970. */
  readonly sentAt: number;
  readonly project: string;
  readonly logstore: string;
  readonly group: string;
  readonly shard: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The JSON text of an answer, empty for the many calls that answer nothing; or logs. */
type Operation = (call: Call) => Promise<string | PullAnswer>;

function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? Buffer.alloc(0);
}

/** Path and query as on the wire. */
function splitTarget(target: string): readonly [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

const page = Type.Object({ offset: Type.Optional(Type.String()), size: Type.Optional(Type.String()) });

export const sls: MakeProtocol = ({ store, config, wallMs, randomBytes }) => {
  const context: GroupContext & LogContext = {
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

  const answerHeaders = (): Record<string, string> => ({
    // Lower case: one SDK looks names up as they are written.
    'x-log-requestid': requestId(),
    'access-control-allow-origin': '*',
    server: 'nginx/1.12.1',
  });

  const send = (
    reply: FastifyReply,
    status: number,
    json: string,
    headers = answerHeaders(),
  ): FastifyReply => {
    reply.code(status).headers(headers);
    // No Content-Type without a body: one SDK parses what claims to be JSON.
    if (json === '') return reply.send();
    // Bytes, since to text Fastify would add a charset that the service does not send.
    return reply.header('content-type', 'application/json').send(Buffer.from(json));
  };

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

  const projectIn = (request: FastifyRequest): string => {
    const project =
      projectOf(request.authority, config.slsBaseDomains) ?? config.slsDefaultProject.toLowerCase();
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
      const headers = answerHeaders();
      const { status, code, message } = toError(error, request, headers['x-log-requestid'] ?? '');
      return send(reply, status, JSON.stringify({ errorCode: code, errorMessage: message }), headers);
    },

    viewGroups: (tenant, limit) => viewGroups(context, tenant, limit),

    async routes(app) {
      // Clients send bodies chunked, with and without Content-Type, and some say JSON where there is nothing.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser(
        '*',
        { parseAs: 'buffer', bodyLimit: config.slsMaxLogGroupBytes + bodySlackBytes },
        (_request, body, done) => done(null, body),
      );

      const serve = (
        method: HTTPMethods | HTTPMethods[],
        url: string,
        { open = false, ...documented }: { body?: TSchema; querystring?: TSchema; open?: boolean },
        run: Operation,
      ): void => {
        app.route({
          method,
          url,
          // For the document: bodies are checked where the vendor's own error for them is known.
          schema: { tags: ['sls'], ...documented },
          validatorCompiler: () => () => true,
          exposeHeadRoute: false,
          handler: async (request, reply) => {
            const params = request.params as Record<string, string>;
            // A path that ends where a name should stand is answered as the live service does.
            if (Object.values(params).includes('')) throw new NotFound(request.url);
            const { logstore = '', group = '', shard = '' } = params;
            const project = projectIn(request);
            if (!open) check(request);
            const answer = await run({
              sentAt: sentAtOf(request.headers, context.nowSeconds()),
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
              : reply.headers({ ...answerHeaders(), ...answer.headers }).send(answer.body);
          },
        });
      };

      app.get(
        '/',
        { schema: { tags: ['sls'], querystring: page }, exposeHeadRoute: false },
        async (request, reply) => {
          const project = projectOf(request.authority, config.slsBaseDomains);
          check(request);
          if (project !== undefined)
            return send(
              reply,
              200,
              JSON.stringify(projectJson(project, await readProject(context, project))),
            );
          const query = request.query as { offset?: string; size?: string; projectName?: string };
          const all = (await listProjects(store)).filter(({ name }) =>
            name.includes(query.projectName ?? ''),
          );
          const projects = pageOf(all, query).map((found) => projectJson(found.name, found.project));
          return send(reply, 200, JSON.stringify({ count: projects.length, total: all.length, projects }));
        },
      );
      app.post(
        '/',
        { schema: { tags: ['sls'], body: schemas.CreateProjectBody }, validatorCompiler: () => () => true },
        async (request, reply) => {
          check(request);
          // By its body: one SDK sends this to the bare endpoint.
          const body = parsed(bodyOf(request));
          if (!schemas.checks.createProject.Check(body)) {
            throw errors.parameterInvalid('The body is not valid json string');
          }
          await createProject(context, body.projectName.toLowerCase(), body.description ?? '');
          return send(reply, 200, '');
        },
      );
      serve('PUT', '/', { body: schemas.UpdateProjectBody }, async ({ project, body }) => {
        const change = parsed(body);
        if (!schemas.checks.updateProject.Check(change))
          throw errors.parameterInvalid('The body is not valid json string');
        await updateProject(context, project, change.description);
        return '';
      });
      serve('DELETE', '/', {}, async ({ project }) => {
        await deleteProject(context, project);
        return '';
      });

      serve('GET', '/logstores', { querystring: page }, async ({ project, query }) => {
        const all = (await listLogstores(context, project)).filter((name) =>
          name.includes(query.logstoreName ?? ''),
        );
        const logstores = pageOf(all, query);
        return JSON.stringify({ count: logstores.length, total: all.length, logstores });
      });
      serve('POST', '/logstores', { body: schemas.CreateLogstoreBody }, async ({ project, body }) => {
        const wanted = parsed(body);
        if (!schemas.checks.createLogstore.Check(wanted)) throw errors.logstoreInfoInvalid();
        const { logstoreName, ...settings } = wanted;
        await createLogstore(
          context,
          project,
          logstoreName,
          known(settings, schemas.CreateLogstoreBody.properties),
        );
        return '';
      });
      serve('GET', '/logstores/:logstore', {}, async ({ project, logstore }) =>
        JSON.stringify(logstoreJson(logstore, (await readLogstore(context, project, logstore)).value)),
      );
      serve(
        'PUT',
        '/logstores/:logstore',
        { body: schemas.UpdateLogstoreBody },
        async ({ project, logstore, body }) => {
          const change = parsed(body);
          if (!schemas.checks.updateLogstore.Check(change)) throw errors.logstoreInfoInvalid();
          // The number of shards changes by splits and merges only.
          const { shardCount: _, ...settings } = change;
          await updateLogstore(
            context,
            project,
            logstore,
            known(settings, schemas.UpdateLogstoreBody.properties),
          );
          return '';
        },
      );
      serve('DELETE', '/logstores/:logstore', {}, async ({ project, logstore }) => {
        await deleteLogstore(context, project, logstore);
        return '';
      });
      serve('GET', '/logstores/:logstore/shards', {}, async ({ project, logstore }) =>
        JSON.stringify((await readLogstore(context, project, logstore)).value.shards.map(shardJson)),
      );
      const shard = '/logstores/:logstore/shards/:shard';
      serve('DELETE', shard, {}, async ({ project, logstore, shard }) => {
        await deleteShard(context, project, logstore, shard);
        return '';
      });
      serve(['GET', 'HEAD'], shard, {}, async ({ project, logstore, shard, query, headers }) => {
        const { type = '' } = query;
        if (type === 'log' || type === 'logs')
          return pullLogs(context, project, logstore, shard, query, headers['accept-encoding']);
        if (type === 'cursor')
          return JSON.stringify({
            cursor: await getCursor(context, project, logstore, shard, query.from ?? ''),
          });
        if (type === 'cursor_time') {
          const time = await getCursorTime(context, project, logstore, shard, query.cursor ?? '');
          return JSON.stringify({ cursor_time: time });
        }
        throw errors.parameterInvalid(`The type ${type} is not supported`);
      });

      const put =
        (keyOf: (call: Call) => string | undefined): Operation =>
        async (call) => {
          const { project, logstore, headers, body } = call;
          const key = keyOf(call);
          const group = await readLogGroup(
            context,
            {
              contentType: headers['content-type'],
              rawSize: headers['x-log-bodyrawsize'],
              compression: headers['x-log-compresstype'],
            },
            body,
          );
          await putLogs(context, project, logstore, key, group);
          return '';
        };
      serve(
        'POST',
        '/logstores/:logstore',
        {},
        put(() => undefined),
      );
      serve('POST', shard, {}, async (call) => {
        const { project, logstore, shard, query } = call;
        if (shard === 'lb') return put(() => undefined)(call);
        if (shard === 'route') return put(() => query.key ?? '')(call);
        if (query.action === 'merge')
          return JSON.stringify(
            (await reshape(context, project, logstore, shard, { action: 'merge' })).map(shardJson),
          );
        if (query.action !== 'split')
          throw errors.parameterInvalid(`The action ${query.action ?? ''} is not supported`);
        const change = { action: 'split', at: splitAt(query) } as const;
        return JSON.stringify((await reshape(context, project, logstore, shard, change)).map(shardJson));
      });

      const track = async ({ project, logstore }: Call, group: NewLogGroup): Promise<string> => {
        const { value } = await readLogstore(context, project, logstore);
        if (!value.enable_tracking) throw errors.trackingDisabled();
        const bytes = encodeLogGroup(group);
        if (group.logs.length > config.slsMaxLogsPerGroup || bytes.length > config.slsMaxLogGroupBytes)
          throw errors.logsTooLarge(config.slsMaxLogGroupBytes, config.slsMaxLogsPerGroup);
        await putLogs(context, project, logstore, undefined, bytes);
        return '';
      };
      // Pages and scripts sign nothing: the logstore itself says whether they may.
      for (const name of ['track', 'track_ua.gif', 'track.gif']) {
        serve('GET', `/logstores/:logstore/${name}`, { open: true }, (call) =>
          track(call, trackedIn(call.query, context.nowSeconds())),
        );
      }
      // A browser asks first whether a page of another origin may send JSON.
      app.options('/logstores/:logstore/track', { schema: { tags: ['sls'] } }, async (_request, reply) => {
        reply.headers({
          'access-control-allow-methods': 'GET, POST, OPTIONS',
          'access-control-allow-headers':
            'content-type, x-log-apiversion, x-log-bodyrawsize, x-log-compresstype',
        });
        return send(reply, 200, '');
      });
      serve(
        'POST',
        '/logstores/:logstore/track',
        { open: true, body: schemas.WebtrackingBody },
        async (call) => {
          const { headers } = call;
          const body = await uncompressed(
            context,
            { rawSize: headers['x-log-bodyrawsize'], compression: headers['x-log-compresstype'] },
            call.body,
          );
          return track(call, webtrackingOf(body, context.nowSeconds()));
        },
      );

      const groups = '/logstores/:logstore/consumergroups';
      serve('GET', groups, {}, async ({ project, logstore }) =>
        JSON.stringify(await listGroups(context, project, logstore)),
      );
      serve('POST', groups, { body: schemas.CreateGroupBody }, async ({ project, logstore, body }) => {
        const wanted = parsed(body);
        if (!schemas.checks.createGroup.Check(wanted)) throw errors.groupInfoInvalid();
        await createGroup(
          context,
          project,
          logstore,
          wanted.consumerGroup,
          wanted.timeout,
          wanted.order ?? false,
        );
        return '';
      });
      serve(
        'PUT',
        `${groups}/:group`,
        { body: schemas.UpdateGroupBody },
        async ({ project, logstore, group, body }) => {
          const change = parsed(body);
          if (!schemas.checks.updateGroup.Check(change)) throw errors.groupUpdateInvalid();
          if (change.timeout === undefined && change.order === undefined) throw errors.groupUpdateInvalid();
          await updateGroup(
            context,
            project,
            logstore,
            group,
            known(change, schemas.UpdateGroupBody.properties),
          );
          return '';
        },
      );
      serve('GET', `${groups}/:group`, {}, async ({ project, logstore, group, query }) =>
        JSON.stringify(await getCheckpoints(context, project, logstore, group, query.shard)),
      );
      serve('DELETE', `${groups}/:group`, {}, async ({ project, logstore, group }) => {
        await deleteGroup(context, project, logstore, group);
        return '';
      });
      serve(
        'POST',
        `${groups}/:group`,
        { body: schemas.HeartbeatBody },
        async ({ project, logstore, group, query, body, sentAt }) => {
          const { type = '', consumer = '' } = query;
          if (type === 'checkpoint') {
            const wanted = parsed(body);
            if (!schemas.checks.checkpoint.Check(wanted)) throw errors.bodyInvalid();
            const force = query.forceSuccess?.toLowerCase() === 'true';
            await updateCheckpoint(context, project, logstore, group, { ...wanted, consumer, force });
            return '';
          }
          if (type !== 'heartbeat') throw errors.parameterInvalid(`The type ${type} is not supported`);
          if (consumer === '' || consumer.length > maxConsumerLength)
            throw errors.parameterInvalid('consumer is invalid');
          return heartbeat(context, project, logstore, group, { consumer, held: heldOf(body), sentAt });
        },
      );
    },
  };
};
