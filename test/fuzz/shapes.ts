/** Whether a reply has the shape that its operation, or its protocol, documents. Pure. */
import type { FuzzReply } from './connection.ts';
import type { FuzzOperation } from './document.ts';
import type { FuzzRequest } from './request.ts';
import { mismatch } from './schema.ts';

export interface Exchange {
  readonly request: FuzzRequest;
  readonly reply: Pick<FuzzReply, 'status' | 'headers' | 'body'>;
  /** Operations that the request may have reached. */
  readonly candidates: readonly FuzzOperation[];
}

/** Returns what is wrong with a reply, in words; undefined: nothing. */
export function findFault(exchange: Exchange): string | undefined {
  const { request, reply, candidates } = exchange;
  const { status } = reply;
  // What is not emulated says so with 501.
  if (status < 200 || (status >= 500 && status !== 501)) return `status ${status}`;
  if (request.method === 'HEAD' || request.method === 'OPTIONS' || reply.body.length === 0)
    return faultOfEmpty(exchange);
  const path = request.target.split('?', 1)[0] ?? '';
  // A host of SLS answers what cannot be read, whatever its path looks like.
  const ofSls = candidates.filter(({ protocol }) => protocol === 'sls');
  if (reply.headers['x-log-requestid'] !== undefined) return faultOfSls({ ...exchange, candidates: ofSls });
  if (path.startsWith('/api/')) return faultOfPbx(exchange);
  if (/^\/(_heartbeatd|healthz|readyz|metrics)/.test(path)) return faultOfOperator(exchange);
  if (/^\/(v[123]|time|publish|signal|subscribe)\//.test(path)) return faultOfPresence(exchange);
  return undefined;
}

function faultOfEmpty({ request, reply }: Exchange): string | undefined {
  const isBodiless = request.method === 'HEAD' || request.method === 'OPTIONS' || reply.status < 400;
  return isBodiless ? undefined : `status ${reply.status} without a body`;
}

/** Whether the body is JSON, and which. */
function jsonOf(
  { body }: Exchange['reply'],
  text = body.toString(),
): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const isJson = ({ headers }: Exchange['reply']): boolean =>
  /^application\/json/.test(headers['content-type'] ?? '');

/** Compares a successful body with what the candidates document: one of them has to match. */
function faultOfSuccess({ reply, candidates }: Exchange, value: unknown): string | undefined {
  const schemas = candidates.flatMap(({ replies }) => replies.get(reply.status) ?? []);
  if (candidates.length > 0 && schemas.length === 0) return `status ${reply.status} is not documented`;
  const wrong = schemas.map(({ schema }) => (schema === undefined ? undefined : mismatch(schema, value)));
  return wrong.length === 0 || wrong.includes(undefined) ? undefined : wrong[0];
}

function faultOfSls(exchange: Exchange): string | undefined {
  const { reply } = exchange;
  const id = reply.headers['x-log-requestid'] ?? '';
  if (!/^[0-9A-F]{24}$/.test(id)) return `x-log-requestid is ${id}`;
  const json = jsonOf(reply);
  if (reply.status < 400) {
    if (!isJson(reply)) return undefined;
    return json === undefined ? 'the body is not JSON' : faultOfSuccess(exchange, json.value);
  }
  const value = (json?.value ?? {}) as Record<string, unknown>;
  const members = Object.keys(value).join();
  if (members !== 'errorCode,errorMessage') return `an error with the members ${members}`;
  const { errorCode, errorMessage } = value;
  if (typeof errorCode !== 'string' || typeof errorMessage !== 'string')
    return 'errorCode or errorMessage is no text';
  return undocumented(exchange);
}

function undocumented({ reply: { status }, candidates }: Exchange): string | undefined {
  if (candidates.length === 0 || candidates.some(({ replies }) => replies.has(status))) return undefined;
  return `status ${status} is not documented`;
}

function faultOfPbx(exchange: Exchange): string | undefined {
  const { reply } = exchange;
  if (reply.status !== 200) return `status ${reply.status}, and every reply of the PBX has 200`;
  if (!isJson(reply)) return undefined;
  const value = jsonOf(reply)?.value as Record<string, unknown> | undefined;
  if (value === undefined) return 'the body is not JSON';
  if (value.status === 'Failed') {
    const members = Object.keys(value).join();
    if (members !== 'status,errno') return `an error with the members ${members}`;
    return /^\d{5}$/.test(String(value.errno)) && typeof value.errno === 'string'
      ? undefined
      : `errno is ${value.errno}`;
  }
  return value.status === 'Success'
    ? faultOfSuccess(exchange, value)
    : `the status in the body is ${value.status}`;
}

function faultOfOperator(exchange: Exchange): string | undefined {
  const { reply } = exchange;
  if (!isJson(reply)) return reply.status < 400 ? undefined : `status ${reply.status} that is not JSON`;
  const json = jsonOf(reply);
  if (json === undefined) return 'the body is not JSON';
  if (
    reply.status < 400 ||
    exchange.candidates.some(({ replies }) => replies.get(reply.status)?.schema !== undefined)
  )
    return faultOfSuccess(exchange, json.value);
  const { error } = json.value as { error?: unknown };
  return typeof error === 'string' ? undefined : 'an error without a text';
}

/** `callback(…)` around JSON. */
const jsonp = /^[\w$.]+\(([\s\S]*)\)$/;

function faultOfPresence(exchange: Exchange): string | undefined {
  const { reply, candidates } = exchange;
  const text = reply.body.toString();
  const json = jsonOf(reply) ?? jsonOf(reply, jsonp.exec(text)?.[1] ?? '');
  if (json === undefined) return 'the body is neither JSON nor JSONP';
  if (reply.status < 400) return faultOfSuccess(exchange, json.value);
  if (candidates.length === 0 || reply.status === 501) return undefined;
  const shapes = candidates.flatMap(({ replies }) =>
    Object.values(replies.get(reply.status)?.examples ?? {}).map(({ value }) => shapeOf(value)),
  );
  const shape = shapeOf(json.value);
  if (shapes.length === 0) return undocumented(exchange);
  return shapes.includes(shape)
    ? undefined
    : `an error of the shape ${shape}, not ${[...new Set(shapes)].join(' or ')}`;
}

/** The members of an object with their types, or the types of the items of an array. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => typeof item).join()}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return `{${Object.entries(value)
    .map(([name, member]) => `${name}: ${typeof member}`)
    .sort()
    .join(', ')}}`;
}
