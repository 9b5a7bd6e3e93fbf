/** The Fastify app: three protocols and the operator side over one store. */
import { randomBytes } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Config } from './config.ts';
import { pbx } from './protocols/pbx/plugin.ts';
import { presence } from './protocols/presence/plugin.ts';
import { type App, type MakeProtocol, NotFound, type ProtocolContext } from './protocols/protocol.ts';
import { sls } from './protocols/sls/plugin.ts';
import type { Store } from './store/store.ts';

/** One line each: a fourth protocol is a folder and a line here. */
const protocols: readonly MakeProtocol[] = [sls, pbx, presence];

export interface AppOptions {
  readonly config: Config;
  readonly store: Store;
  readonly logger?: FastifyBaseLogger;
  readonly wallMs?: () => number;
  readonly randomBytes?: (size: number) => Buffer;
}

const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** Builds the app; it does not listen, and it does not own the store. */
export async function buildApp(options: AppOptions): Promise<App> {
  const context: ProtocolContext = {
    store: options.store,
    config: options.config,
    wallMs: options.wallMs ?? Date.now,
    randomBytes: options.randomBytes ?? randomBytes,
  };
  const made = protocols.map((make) => make(context));

  const answerUnrouted = (error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
    const owner = made.find((protocol) => protocol.claims(path, request.authority));
    if (owner !== undefined) return owner.answerError(error, request, reply);
    return reply.code(404).send({ error: 'not found', path });
  };

  const app = Fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    // One line a request, written by ourselves, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    // Paths carry lists of channels: the presence documentation allows 32 KiB of path and query.
    routerOptions: { maxParamLength: 32_768, ignoreTrailingSlash: false, caseSensitive: true },
    bodyLimit: 10 * 1024 * 1024,
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

  app.decorateRequest('authority', {
    getter(this: FastifyRequest) {
      return (this.raw as { authority?: string }).authority ?? this.headers.host ?? '';
    },
  });

  app.setNotFoundHandler((request, reply) => answerUnrouted(new NotFound(request.url), request, reply));
  for (const protocol of made) {
    await app.register(async (instance) => {
      instance.setErrorHandler<Error>((error, request, reply) => protocol.answerError(error, request, reply));
      await protocol.routes(instance as unknown as App);
    });
  }
  return app;
}
