/** Refuses requests that the operator API must not serve, before anything of them is read. */
import type { App } from '../../protocols/kit/protocol.ts';
import { type AccessSettings, isBeyondLoopback, judgeOperatorRequest, operatorAccess } from './access.ts';

/** Guards every route of an instance, and below it. */
export function guard(app: App, config: AccessSettings): void {
  let isReachable = false;
  // Kept once true: a server that closes has no address any more, but still serves the connections it has.
  const updateReachable = (): void => {
    isReachable ||= app.addresses().some(isBeyondLoopback);
  };
  app.server.on('listening', updateReachable);
  app.addHook('onRequest', async (request, reply) => {
    updateReachable();
    // Pages of other origins must not load a reply as a script either: browsers send no Sec-Fetch-Site over plain HTTP.
    reply.headers({ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' });
    const { host, origin, authorization, 'sec-fetch-site': fetchSite } = request.headers;
    const refusal = judgeOperatorRequest(
      {
        host,
        authority: request.authority,
        origin,
        isEncrypted: request.protocol === 'https',
        authorization,
        fetchSite: fetchSite?.toString(),
      },
      config,
      operatorAccess(config, isReachable),
    );
    if (refusal === undefined) return;
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    await reply.code(refusal.status).send({ error: refusal.error });
  });
}
