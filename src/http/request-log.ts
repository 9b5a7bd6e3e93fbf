/** One line a request, without what must stay secret. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

/** Query parameters that let somebody act as somebody else. */
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
const maxLength = 512;

/** The target with its secrets replaced, cut to a length that a log line can bear. */
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

/** A name may be spelt with percent signs and still be the same name. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The target with the steps of its path replaced that its route names as secrets. */
function withoutSecretSteps(url: string, route: string | undefined): string {
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

/** Writes the line when the answer was sent. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  // Fastify's type of a logger leaves out what pino has.
  if ((request.log as Partial<Pick<Logger, 'isLevelEnabled'>>).isLevelEnabled?.('info') !== true) return;
  request.log.info(
    {
      method: request.method,
      host: request.authority,
      url: withoutSecrets(withoutSecretSteps(request.raw.url ?? '', request.routeOptions.url)),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
    },
    'request',
  );
}
