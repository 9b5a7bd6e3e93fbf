/** Requests to the operator API, each of which can also be shown as curl. */
import { signal } from './ui.js';

const root = '/_heartbeatd';
const tokenKey = 'heartbeatd-token';

/** @typedef {{ method?: string, path: string, query?: Record<string, unknown>, body?: unknown, outside?: boolean }} Call */

/** @template T @typedef {Call & { readonly replies?: T }} Read a call whose reply is a `T` */

/** The operator token; kept for this tab only. */
export const token = signal(sessionStorage.getItem(tokenKey) ?? '');
/** Whether the server asks for a token. */
export const needsToken = signal(false);

/** Where vendor clients are served: here, unless the operator API has another port. */
export const vendorOrigin = signal(location.origin);

/** Reads where vendor clients are served. */
export async function findVendorOrigin() {
  const { vendorPort } = await send({ path: '/' });
  if (vendorPort !== null) vendorOrigin.value = `${location.protocol}//${location.hostname}:${vendorPort}`;
}

/** @param {string} value */
export function setToken(value) {
  token.value = value;
  sessionStorage.setItem(tokenKey, value);
  needsToken.value = false;
}

export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {Record<string, unknown>} [query] */
function queryText(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/** @param {Call} call */
export const urlOf = ({ path, query, outside = false }) => `${outside ? '' : root}${path}${queryText(query)}`;

/** @param {Call} call */
const originOf = ({ outside = false }) => (outside ? vendorOrigin.value : location.origin);

/** @returns {Record<string, string>} */
export const authorization = () => (token.value === '' ? {} : { authorization: `Bearer ${token.value}` });

/**
 * Sends a request and returns its JSON; `signal` ends it. Throws ApiError.
 * @template T
 * @param {Read<T>} call @param {AbortSignal} [signal] @returns {Promise<T>}
 */
export async function send(call, signal) {
  const { method = 'GET', body } = call;
  if (originOf(call) !== location.origin)
    throw new ApiError(
      0,
      `vendors are served at ${vendorOrigin.value}, where a browser may not send this; use the command`,
    );
  let response;
  try {
    response = await fetch(urlOf(call), {
      method,
      headers: {
        ...(call.outside ? {} : authorization()),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'the server cannot be reached');
  }
  const text = await response.text();
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    reply = text;
  }
  if (response.status === 401) needsToken.value = true;
  if (!response.ok) throw new ApiError(response.status, reply?.message ?? reply?.error ?? text);
  return reply;
}

const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {Call} call @returns {string} the request as a command; the token is named, not shown */
export function curlOf(call) {
  const { method = 'GET', body } = call;
  const words = ['curl'];
  if (method !== 'GET' && !(method === 'POST' && body !== undefined)) words.push('-X', method);
  if (token.value !== '' && !call.outside) words.push('-H', '"Authorization: Bearer $OPERATOR_TOKEN"');
  if (body !== undefined) words.push('-d', quoted(JSON.stringify(body)));
  words.push(quoted(`${originOf(call)}${urlOf(call)}`));
  return words.join(' ');
}
