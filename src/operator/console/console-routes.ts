/** Serves the page. It holds nothing secret: what it shows comes from the operator API, with the token that its user enters. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../protocols/kit/protocol.ts';
import { type PageFile, pageFileNames, readPageFile } from './files.ts';

const root = '/_heartbeatd/console/';

/** Where a browser opens the page. */
export const consolePath = '/_heartbeatd/';

const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // Compared each time, so that a new version is seen at once.
  'cache-control': 'no-cache',
};

/** Whether a request wants the page where programs get the list of routes. */
export function isForPage({ method, url, headers: { accept } }: FastifyRequest): boolean {
  return method === 'GET' && /^\/_heartbeatd\/?(?:\?|$)/.test(url) && accept?.includes('text/html') === true;
}

/** Registers the files of the page; `sendPage` answers where `isForPage` holds. */
export function consoleRoutes(app: App): {
  sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply;
} {
  const files = new Map<string, PageFile>();
  const send = (name: string, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const file = files.get(name) ?? readPageFile(name);
    files.set(name, file);
    reply.headers({ ...headers, etag: file.etag, vary: 'accept-encoding' }).type(file.type);
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
    const accepted = (request.headers['accept-encoding'] ?? '').split(',').map((one) => one.trim());
    for (const encoding of ['br', 'gzip'] as const)
      if (accepted.includes(encoding))
        return reply.header('content-encoding', encoding).send(file.compressed[encoding]);
    return reply.send(file.body);
  };
  for (const name of pageFileNames())
    app.get(root + name, { schema: { hide: true } }, async (request, reply) => send(name, request, reply));
  return { sendPage: (request, reply) => send('index.html', request, reply) };
}
