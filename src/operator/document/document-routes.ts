/** The OpenAPI document of the whole server. */
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { tags } from '../schemas.ts';

/** Registers `GET /openapi.json`. */
export function documentRoutes(app: App, protocols: readonly Pick<Protocol, 'openApi'>[]): void {
  const schema = { tags, operationId: 'getOpenApi', summary: 'Returns this document', hide: true };
  app.get('/openapi.json', { schema }, async () => {
    const document = app.swagger() as { paths?: object; components?: { securitySchemes?: object } };
    const vendors = protocols.flatMap(({ openApi }) => openApi?.() ?? []);
    const { components = {} } = document;
    return {
      ...document,
      paths: Object.assign({}, document.paths, ...vendors.map(({ paths }) => paths)),
      components: {
        ...components,
        securitySchemes: Object.assign(
          {},
          components.securitySchemes,
          ...vendors.map(({ securitySchemes }) => securitySchemes),
        ),
      },
    };
  });
}
