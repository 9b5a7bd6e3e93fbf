/** The OpenAPI document of the whole server. */
import Fastify, { type RouteOptions } from 'fastify';
import { routeSchemas } from '../../http/route-schemas.ts';
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { tags } from '../schemas.ts';
import { documentOptions } from './document-options.ts';

interface Document {
  readonly paths?: object;
  readonly components?: { readonly securitySchemes?: object };
}

/** Collects the routes with a schema that are registered on an instance from now on, and below it. */
export function collectDocumentedRoutes(app: App): readonly RouteOptions[] {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.schema !== undefined && route.method !== 'HEAD') routes.push(route);
  });
  return routes;
}

/** Registers `GET /openapi.json`. `routes` are read when the document is first asked for. */
export function documentRoutes(
  app: App,
  routes: readonly RouteOptions[],
  protocols: readonly Pick<Protocol, 'name' | 'openApi'>[],
): void {
  let described: Promise<Document> | undefined;
  const schema = { tags, operationId: 'getOpenApi', summary: 'Returns this document', hide: true };
  app.get('/openapi.json', { schema }, async () => {
    described ??= describe(routes, protocols).catch((error: Error) => {
      described = undefined;
      throw error;
    });
    const document = await described;
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

/**
 * Returns the document of the routes. @fastify/swagger describes the routes of a Fastify instance that it is registered on first: they
 * are repeated on one that serves nothing, so that the plugin, with its parser of YAML, is not loaded before the document is asked for.
 */
async function describe(
  routes: readonly RouteOptions[],
  protocols: readonly Pick<Protocol, 'name'>[],
): Promise<Document> {
  const { default: swagger } = await import('@fastify/swagger');
  const described = Fastify({ exposeHeadRoutes: false, schemaController: routeSchemas });
  await described.register(swagger, documentOptions(protocols));
  for (const { method, url, schema = {} } of routes)
    described.route({ method, url, schema, handler: async () => undefined });
  await described.ready();
  const document = described.swagger() as Document;
  await described.close();
  return document;
}
