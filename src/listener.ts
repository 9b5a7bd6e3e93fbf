/** One port of the server: bounded connections, observed replies, and an orderly end. What it serves is registered by others. */
import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type ConnectionLimits, limitConnections } from './http/connections/connection-limits.ts';
import { endConnections } from './http/connections/connections.ts';
import type { Load } from './http/connections/load.ts';
import { type Direct, type DirectOptions, serveDirectly } from './http/direct.ts';
import { authorityOf, makeServer, type ServerOptions } from './http/server.ts';
import type { App } from './protocols/kit/protocol.ts';

export interface ListenerOptions extends Omit<ServerOptions, 'serveWhole' | 'stallTimeoutMs'> {
  readonly limits: ConnectionLimits;
  readonly load: Load;
  readonly onResponse: DirectOptions['onResponse'];
  readonly refuse: DirectOptions['refuse'];
  /** How long requests on open connections are still answered while the port closes, ms. */
  readonly lastRequestMs: number;
}

export interface Listener {
  readonly app: App;
  /** Ends connections when the app closes. To be called after everything else is registered, so that polls are answered before. */
  endConnections(): Promise<void>;
}

/** Makes a port without routes; it does not listen. */
export function makeListener(options: ListenerOptions): Listener {
  const { load, lastRequestMs } = options;
  const { server, front, whole, clientAddress } = makeServer({
    ...options,
    stallTimeoutMs: options.limits.stallTimeoutMs,
    serveWhole: (request, response) => direct.serveWhole(request, response),
  });
  const app = server as unknown as App;
  const admit = limitConnections(app as unknown as FastifyInstance, options.limits);
  server.decorate('load', load);
  app.addHook('onResponse', (request, reply, done) => {
    options.onResponse(request, reply);
    done();
  });
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onClose', async () => {
    front?.close();
    whole.close();
  });
  const direct: Direct = serveDirectly(app.server as Server, {
    admit,
    onResponse: options.onResponse,
    requestId: options.requestId,
    clientAddress,
    log: app.log,
    authorityOf,
    isClosing: () => isClosing,
    isLate: load.isLate,
    refuse: options.refuse,
  });
  app.decorate('serveDirectly', direct.add);
  // A body that cannot be read, on a path without a route, fails before the route is looked up.
  app.setErrorHandler<Error>((error, request, reply) => options.sendUnrouted(error, request, reply));
  return {
    app,
    async endConnections() {
      await app.register(async (instance) =>
        endConnections(instance as unknown as FastifyInstance, {
          lastRequestMs,
          closeIdle() {
            front?.closeIdle();
            whole.closeIdle();
          },
        }),
      );
    },
  };
}
