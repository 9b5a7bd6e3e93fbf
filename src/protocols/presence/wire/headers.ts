/** How presence answers: the vendor's headers, and a JSONP callback around the body where one is asked for. */
import type { FastifyReply } from 'fastify';
import { type HeaderList, sendReply } from '../../../http/reply.ts';
import { errors } from '../errors.ts';

/** As the real service sends them. */
export const presenceHeaders = {
  'content-type': 'text/javascript; charset="UTF-8"',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'OPTIONS, GET, POST',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': '*',
  'cache-control': 'no-cache',
  'accept-ranges': 'bytes',
  age: '0',
  server: 'Pubnub Presence',
} as const;

export const registryHeaders = {
  ...presenceHeaders,
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  server: 'Pubnub',
} as const;

/** Headers of the services that allow one method only. */
export function methodsAllowed(methods: string | readonly string[]): Readonly<Record<string, string>> {
  return { ...presenceHeaders, 'access-control-allow-methods': String(methods), server: 'Pubnub' };
}

/** Ours: the documents do not say which names are allowed, and what is echoed into a script must be checked. */
const callbackName = /^[A-Za-z_$][\w$.]{0,127}$/;

/** The name of the function that a JSONP client waits for; undefined for plain JSON. */
export function callbackOf(name: string | undefined): string | undefined {
  if (name === undefined || name === '' || name === '0') return undefined;
  if (!callbackName.test(name)) throw errors.invalidCallback();
  return name;
}

export function sendJson(
  reply: FastifyReply,
  status: number,
  headers: HeaderList,
  json: string,
  callback?: string,
): void {
  sendReply(reply, { status, headers, body: callback === undefined ? json : `${callback}(${json})` });
}
