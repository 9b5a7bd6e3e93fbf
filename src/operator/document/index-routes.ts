/** What the operator API offers, as JSON for programs and curl, and as a page of links for browsers. */
import { Type } from '@sinclair/typebox';
import type { RouteOptions } from 'fastify';
import type { App } from '../../protocols/kit/protocol.ts';
import { version } from '../../version.ts';
import { consolePath } from '../console/console-routes.ts';
import { refusals, tags } from '../schemas.ts';

const Listed = Type.Object({ method: Type.String(), path: Type.String(), summary: Type.String() });

const Listing = Type.Object({
  version: Type.String(),
  vendorPort: Type.Union([Type.Integer(), Type.Null()], {
    description: 'port of vendor clients; null: the same as of the operator API',
  }),
  routes: Type.Array(Listed),
});

/** Query parameters without which a route refuses; not part of the list, but such routes cannot be links. */
const required = new WeakMap<ListedRoute, readonly string[]>();

export type ListedRoute = typeof Listed.static;

/** Collects the documented routes that are registered on an instance from now on, and below it. */
export function collectRoutes(app: App): readonly ListedRoute[] {
  const routes: ListedRoute[] = [];
  app.addHook('onRoute', ({ method, url, schema }: RouteOptions) => {
    const { summary } = (schema ?? {}) as { summary?: string };
    if (summary === undefined || method === 'HEAD') return;
    const { querystring } = schema as { querystring?: { required?: readonly string[] } };
    for (const one of [method].flat()) {
      const route = { method: one, path: url, summary };
      required.set(route, querystring?.required ?? []);
      routes.push(route);
    }
  });
  return routes;
}

/** Registers `/_heartbeatd/`: all operator routes with their summaries. */
export function indexRoutes(app: App, routes: readonly ListedRoute[], vendorPort: () => number | null): void {
  const listing = () => ({
    version,
    vendorPort: vendorPort(),
    routes: routes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
  });
  app.get(
    '',
    {
      prefixTrailingSlash: 'no-slash',
      schema: {
        tags,
        operationId: 'listRoutes',
        summary: 'The operator routes',
        response: { 200: Listing, ...refusals },
      },
    },
    async () => listing(),
  );
  app.get('/', { prefixTrailingSlash: 'slash', schema: { hide: true } }, async () => listing());
}

/** Where a browser that opens `/` is led to. */
export const startPath = '/_heartbeatd/start';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (one) => escapes[one] ?? one);

/** Registers where browsers arrive: the console, or without it a page of links, which holds nothing secret and is open to every browser. */
export function startRoute(app: App, routes: readonly ListedRoute[], hasConsole: boolean): void {
  app.get(startPath, { schema: { hide: true } }, async (_request, reply) => {
    if (hasConsole) return reply.redirect(consolePath);
    const rows = routes
      .filter(({ path }) => path !== startPath)
      .map((route) => {
        const { method, path, summary } = route;
        const shown = `${method} ${escapeHtml(path)}`;
        const isLink = method === 'GET' && !path.includes(':') && required.get(route)?.length === 0;
        return `<li>${isLink ? `<a href="${escapeHtml(path)}">${shown}</a>` : shown}: ${escapeHtml(summary)}</li>`;
      });
    return reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      )
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
      .send(page(rows));
  });
}

function page(rows: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heartbeatd</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }</style>
</head>
<body>
<h1>heartbeatd ${escapeHtml(version)}</h1>
<p>This server answers SLS, PBX and Presence clients. Vendor operations, with examples, are in the
<a href="/_heartbeatd/openapi.json">OpenAPI document</a>.</p>
<h2>Operator API</h2>
<ul>
${rows.join('\n')}
</ul>
</body>
</html>
`;
}
