/** The ports of the server: one for everything, or one for vendors and one for operators. */
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from './config.ts';
import { type ConnectionLimits, defaultConnectionLimits } from './http/connections/connection-limits.ts';
import type { Load } from './http/connections/load.ts';
import type { DirectOptions } from './http/direct.ts';
import { makeRequestId } from './http/log/request-id.ts';
import type { KeepRefusal, Refusal } from './http/refusal.ts';
import { authorityOf } from './http/server.ts';
import { makeIsEmulated } from './http/tls/hosts.ts';
import { makeNotices } from './http/tls/notices.ts';
import { openCertificates } from './http/tls/open.ts';
import { type Listener, type ListenerOptions, makeListener } from './listener.ts';
import { startPath } from './operator/document/index-routes.ts';
import { isOperatorPath } from './operator/plugin.ts';
import { NotFound, pathOf } from './protocols/kit/failure.ts';
import { explainUnrouted, type KnownRoute } from './protocols/kit/notes/nearest-route.ts';
import type { App, Protocol } from './protocols/kit/protocol.ts';
import { type Log, silentLog } from './settings/log.ts';

export interface PortOptions {
  readonly config: Config;
  readonly logger?: FastifyBaseLogger & Log;
  readonly wallMs?: () => number;
  readonly connectionLimits?: ConnectionLimits;
  readonly lastRequestMs?: number;
}

export interface PortParts {
  readonly protocols: readonly Protocol[];
  readonly load: Load;
  readonly onResponse: DirectOptions['onResponse'];
  readonly refuse: DirectOptions['refuse'];
  readonly keepRefusal: KeepRefusal;
}

export interface Ports {
  /** Serves vendors, and operators too if they have no port of their own. */
  readonly main: Listener;
  readonly operatorPort: Listener | undefined;
}

const loopback = /^(?:127\.|localhost$|::1$)/;

/** Makes the ports that the settings ask for. Rejects with SettingError. */
export async function makePorts(options: PortOptions, parts: PortParts): Promise<Ports> {
  const { config } = options;
  const log = options.logger ?? silentLog;
  const certificates = await openCertificates(config, {
    hosts: [config.host, operatorHostOf(config)],
    log,
    wallMs: options.wallMs ?? Date.now,
  });
  const isEmulated = makeIsEmulated([...config.slsBaseDomains, ...config.tlsHosts]);
  const shared = {
    ...(options.logger === undefined ? {} : { logger: warningsOnly(options.logger) }),
    trustedProxies: config.trustedProxies,
    maxConnections: config.maxConnections,
    requestId: makeRequestId(),
    notices: makeNotices(log),
    limits: options.connectionLimits ?? defaultConnectionLimits,
    load: parts.load,
    keepRefusal: parts.keepRefusal,
    onResponse: parts.onResponse,
    refuse: parts.refuse,
    lastRequestMs: options.lastRequestMs ?? 0,
  };
  const make = (
    own: Pick<ListenerOptions, 'hasDoubleFraming' | 'startPath' | 'sendUnrouted'>,
    stands: (host: string) => boolean,
  ): Listener => {
    const listener = makeListener({
      ...shared,
      ...own,
      ...(certificates === undefined ? {} : { tls: { certificates, isEmulated: stands } }),
    });
    listener.app.setNotFoundHandler((request, reply) =>
      own.sendUnrouted(new NotFound(request.url), request, reply),
    );
    return listener;
  };
  const isSplit = config.operatorPort !== 'same';
  const main = make(
    {
      hasDoubleFraming: hasDoubleFraming(config),
      startPath: isSplit ? undefined : startPath,
      sendUnrouted: sendAsOwner(parts, isSplit),
    },
    isEmulated,
  );
  const operatorPort = isSplit
    ? make({ hasDoubleFraming: false, startPath, sendUnrouted: sendNoSuchPath }, () => false)
    : undefined;
  return { main, operatorPort };
}

/** Returns how unrouted requests are answered: by the protocol that claims them, else as plain JSON. */
function sendAsOwner(
  { protocols, keepRefusal }: PortParts,
  isSplit: boolean,
): ListenerOptions['sendUnrouted'] {
  return (error, request, reply) => {
    const path = pathOf(request);
    const owner =
      isOperatorPath(path) && !isSplit
        ? undefined
        : protocols.find((protocol) => protocol.claims(path, authorityOf(request)));
    if (owner !== undefined) {
      void owner.sendError(error, request, reply);
      return;
    }
    const body = { error: `no such path: ${path.slice(0, 200)}` };
    reply.code(404).send(body);
    if (!isOperatorPath(path)) keepRefusal(unroutedRefusal(request, protocols, body));
  };
}

function unroutedRefusal(request: FastifyRequest, protocols: readonly Protocol[], body: unknown): Refusal {
  const { method, url, rawHeaders } = request.raw;
  return {
    what: 'unrouted request',
    client: request.clientAddress,
    method: method ?? '',
    url: url ?? '',
    headers: rawHeaders,
    reply: { status: 404, headers: ['content-type', 'application/json'], body: JSON.stringify(body) },
    notes: [
      'The path is of none of the vendors that this server stands in for.',
      ...explainUnrouted(method ?? '', pathOf(request), routesOf(protocols)),
    ],
  };
}

/** Returns the documented routes of all protocols. */
function routesOf(protocols: readonly Protocol[]): readonly KnownRoute[] {
  return protocols.flatMap(({ openApi }) =>
    Object.entries(openApi?.().paths ?? {}).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: String((operation as { readonly operationId?: unknown }).operationId),
        methods: [method.toUpperCase()],
        path: (path.split('#', 1)[0] ?? '').replaceAll('{rest}', '*').replaceAll(/\{(\w+)\}/g, ':$1'),
      })),
    ),
  );
}

function sendNoSuchPath(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(request).slice(0, 200);
  reply.code(404).send({ error: `no such path on the operator port: ${path}; vendors are served on PORT` });
}

/** Makes the operator port a part of the app: they become ready and close together. */
export async function joinOperatorPort(
  app: App,
  { app: operatorApp, endConnections }: Listener,
): Promise<void> {
  await endConnections();
  app.decorate('operatorApp', operatorApp);
  app.addHook('onReady', async () => void (await operatorApp.ready()));
  let closed: Promise<unknown> | undefined;
  app.addHook('preClose', async () => {
    closed = Promise.resolve(operatorApp.close());
    // Awaited below; until then a failure must not count as unhandled.
    closed.catch(() => {});
  });
  app.addHook('onClose', async () => void (await (closed ?? operatorApp.close())));
}

/** Makes the app listen on its ports. If the operator port cannot, the app closes, and the error names the setting in `setting`. */
export async function listen(app: App, config: Config): Promise<void> {
  await app.listen({ host: config.host, port: config.port });
  const { operatorApp } = app;
  if (operatorApp === undefined || config.operatorPort === 'same') return;
  try {
    await operatorApp.listen({ host: operatorHostOf(config), port: config.operatorPort });
  } catch (error) {
    await app.close();
    throw Object.assign(error as Error, { setting: 'OPERATOR_PORT' });
  }
}

/** Returns the app that serves the operator API. */
export const operatorAppOf = (app: App): App => app.operatorApp ?? app;

/** Returns the port that an app listens on; null before. */
export function portOf(app: App): number | null {
  return (app.server.address() as AddressInfo | null)?.port ?? null;
}

/** Returns the address that the operator API listens on. */
export function operatorHostOf({ operatorPort, operatorHost, host }: Config): string {
  return operatorPort === 'same' || operatorHost === '' ? host : operatorHost;
}

/** Returns the settings as access to the operator API is judged by: HOST is where that listens. */
export const accessSettingsOf = (config: Config): Config => ({ ...config, host: operatorHostOf(config) });

/** Returns the log for Fastify, whose only information is a line per address that it listens on. */
function warningsOnly(logger: FastifyBaseLogger & Log): FastifyBaseLogger {
  return logger.isLevelEnabled('info') ? logger.child({}, { level: 'warn' }) : logger;
}

/** Whether bodies with two framings are served, as one vendor's C++ client sends them. */
function hasDoubleFraming({ lenientFraming, host }: Config): boolean {
  return lenientFraming === 'always' || (lenientFraming === 'loopback' && loopback.test(host));
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Serves the operator API where that has a port of its own; absent: this app serves it. */
    readonly operatorApp?: App;
  }
}
