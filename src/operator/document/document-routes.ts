/** The OpenAPI document of the whole server. */
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { tags } from '../schemas.ts';

/** Registers `GET /openapi.json`. */
export function documentRoutes(app: App, protocols: readonly Pick<Protocol, 'openApiPaths'>[]): void {
  const schema = { tags, operationId: 'getOpenApi', summary: 'This document' };
  app.get('/openapi.json', { schema }, async () => {
    const document = app.swagger();
    const vendorPaths = protocols.map(({ openApiPaths }) => openApiPaths?.() ?? {});
    return { ...document, paths: Object.assign({}, document.paths, ...vendorPaths) };
  });
}
