/** One log line per request, without secrets. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

/** Query and path parameters that authorise a client. */
const secrets = new Set([
  'token',
  'auth',
  'signature',
  'password',
  'refreshtoken',
  'refresh_token',
  'access_token',
  'accesskeyid',
  'securitytoken',
  'x-acs-security-token',
]);
/** Headers that authorise a client. */
const secretHeaders = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Whether a parameter, member or header of this name must not be shown. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  return secrets.has(lower) || secretHeaders.has(lower);
}

const maxLength = 512;

/** Returns the target with its secrets masked, cut to 512 characters. */
export function withoutSecrets(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return cut(url);
  const query = url
    .slice(start + 1)
    .split(/([&?])/)
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals === -1 ? part : part.slice(0, equals);
      return equals !== -1 && secrets.has(decoded(name).toLowerCase()) ? `${name}=***` : part;
    })
    .join('');
  return cut(`${url.slice(0, start)}?${query}`);
}

/** A percent-encoded name is the same name. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Masks the path segments that the route names as secrets. */
function withoutSecretSegments(url: string, route: string | undefined): string {
  if (route === undefined) return url;
  const names = route.split('/');
  if (!names.some((name) => secrets.has(name.slice(1)))) return url;
  const [path = '', ...query] = url.split('?');
  const steps = path.split('/').map((step, at) => (secrets.has(names[at]?.slice(1) ?? '') ? '***' : step));
  return [steps.join('/'), ...query].join('?');
}

function cut(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** Writes the line once the reply was sent; `operation` is the vendor's name, or the route for operator requests. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, operation: string): void {
  // Fastify's logger type leaves out this member of pino's.
  if ((request.log as Partial<Pick<Logger, 'isLevelEnabled'>>).isLevelEnabled?.('info') !== true) return;
  request.log.info(
    {
      protocol: request.routeOptions.config.protocol,
      operation,
      method: request.method,
      host: request.authority,
      url: withoutSecrets(withoutSecretSegments(request.raw.url ?? '', request.routeOptions.url)),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
    },
    'request',
  );
}
