/** Makes requests from the operations of a server: most of them nearly right, some of them wrong in one place, some in all. */
import type { Random } from '../random.ts';
import { breakBytes, type Described, logsBody } from './bodies.ts';
import type { FuzzOperation } from './document.ts';
import type { FuzzRequest } from './request.ts';
import { oddText, oddValue, type ValueOptions, valueFor } from './values.ts';

const slsHost = 'fuzz.cn-hangzhou.log.aliyuncs.com';
const oddHosts = [
  'p.127.0.0.1',
  '127.0.0.1',
  'localhost',
  '[::1]',
  'x..y',
  '-',
  'sls.local',
  'a.sls.local',
  'ps.pndsn.com',
];

/** Names that requests share, so that they are about the same things. `token`: of a PBX user. */
const names: Readonly<Record<string, readonly string[]>> = {
  logstore: ['logs', 'logs', 'logs', 'other'],
  logstoreName: ['logs', 'other', 'third'],
  projectName: ['fuzz', 'fuzz', 'second'],
  project: ['fuzz'],
  group: ['cg', 'cg', 'room', 'other'],
  consumerGroup: ['cg', 'other'],
  consumer: ['c1', 'c2'],
  shard: ['0', '1', '2', '7'],
  version: ['v1.1.0', 'v2.0.0', 'v0.0.1', 'v1.0.2', '2.0.0', '1.0.2'],
  subscribeKey: ['demo'],
  publishKey: ['demo'],
  channels: ['red', 'blue', 'red,blue', 'red-pnpres', 'a.*', ','],
  channel: ['red', 'blue', 'a.b'],
  callback: ['0', '0', '0', 'cb', 'a.b'],
  zero: ['0'],
  uuid: ['ann', 'bob'],
  timetoken: ['0', '16000000000000000'],
  tt: ['0', '0', '16000000000000000', '99999999999999999'],
  rest: ['1', '%22x%22', '%7B%22a%22%3A1%7D', '{}'],
  'channel-group': ['room', 'other', 'room,other'],
  heartbeat: ['20', '300', '1', '0', 'x'],
  state: ['%7B%22a%22%3A1%7D', '%7B%22red%22%3A%7B%22a%22%3A1%7D%7D', '1'],
  cursor: ['MTQ0NzMyOTQwMTEwMjEzMDkwNA==', 'MQ==', 'x'],
  checkpoint: ['MTQ0NzMyOTQwMTEwMjEzMDkwNA==', 'MQ==', ''],
  from: ['begin', 'end', '0', '1'],
  number: ['1000', '1001', '1', '9999'],
  extid: ['1000', '1001'],
  caller: ['1000'],
  callee: ['1001', '1002'],
  username: ['api', 'other'],
  within: ['10ms', '0', '1s', 'x'],
};

export interface GeneratorOptions {
  readonly operations: readonly FuzzOperation[];
  /** Tokens of PBX users, the newest last. */
  readonly tokens: () => readonly string[];
}

/** Operations that end what others need, or that hold their reply, come less often. */
const seldom = /^(Delete|Subscribe|reset|streamEvents|verify|PbxLogout|removeFaults|RevokeToken)/;

/** Makes the generator of requests. */
export function makeGenerator({ operations, tokens }: GeneratorOptions): (random: Random) => FuzzRequest {
  const often = operations.filter(({ id }) => !seldom.test(id));
  const rare = operations.filter(({ id }) => seldom.test(id));
  return (random) => {
    const operation = random.pick(rare.length > 0 && random.chance(0.08) ? rare : often);
    const known = (name: string): string | undefined => {
      if (name === 'token' && random.chance(0.9)) return random.pick([...tokens(), 'x']);
      const some = names[name];
      return some === undefined || random.chance(0.15) ? undefined : random.pick(some);
    };
    // One request in three is right as far as the document says; the others are wrong here and there.
    const options: ValueOptions = { oddShare: random.pick([0, 0.03, 0.15]), known };
    const path = pathFor(operation, random, options);
    const query = queryFor(operation, random, options);
    const { body, headers } = bodyFor(operation, random, options);
    return {
      method: methodFor(operation, random, options.oddShare),
      target: query === '' ? path : `${path}?${query}`,
      headers: [...headersFor(operation, random, options.oddShare), ...headers],
      body,
    };
  };
}

function methodFor({ method }: FuzzOperation, random: Random, oddShare: number): string {
  if (!random.chance(oddShare)) return method;
  return random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']);
}

/** Encodes a text for a path or a query; some of it stays as it is, as clients do that do not encode. */
function encode(text: string, random: Random): string {
  if (random.chance(0.1)) return text.replaceAll(/[^\u0021-\u007e]|[?#]/gu, '_');
  return /^[\w.,*%-]*$/.test(text) && text.includes('%') ? text : encodeURIComponent(text.toWellFormed());
}

function pathFor({ path, parameters }: FuzzOperation, random: Random, options: ValueOptions): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const schema = parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {
      type: 'string',
    };
    const value = random.chance(options.oddShare) ? oddText(random) : valueFor(schema, name, random, options);
    return encode(textOf(value), random) || (random.chance(0.5) ? '' : '0');
  });
  if (!random.chance(options.oddShare)) return filled;
  return random.pick([
    `${filled}/`,
    `/${filled}`,
    `${filled}/x`,
    filled.toUpperCase(),
    filled.replace('/', '//'),
    `${filled}/..`,
  ]);
}

function queryFor({ selector, parameters }: FuzzOperation, random: Random, options: ValueOptions): string {
  const pairs: [string, string][] = [];
  if (selector !== undefined && !random.chance(options.oddShare))
    pairs.push([selector.name, selector.value ?? options.known('channel') ?? 'red']);
  for (const { name, required, schema } of parameters.filter((one) => one.in === 'query')) {
    if (pairs.some(([taken]) => taken === name)) continue;
    if (!random.chance(required === true ? 1 - options.oddShare : 0.35)) continue;
    pairs.push([name, textOf(valueFor(schema, name, random, options))]);
  }
  if (random.chance(options.oddShare)) pairs.push([oddText(random), oddText(random)]);
  // A name twice.
  if (random.chance(options.oddShare) && pairs.length > 0) pairs.push(random.pick(pairs));
  return pairs.map(([name, value]) => `${encode(name, random)}=${encode(value, random)}`).join('&');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

const takesLogs = new Set(['PutLogs', 'PostLogStoreLogs', 'PutWebtracking']);

function bodyFor(
  operation: FuzzOperation,
  random: Random,
  options: ValueOptions,
): { readonly body: Buffer | undefined; readonly headers: Described['headers'] } {
  const { method, body: schema, id } = operation;
  if (takesLogs.has(id)) return logsBody(random);
  if (schema === undefined && !random.chance(options.oddShare))
    return { body: method === 'POST' || method === 'PUT' ? Buffer.alloc(0) : undefined, headers: [] };
  const value =
    schema === undefined ? oddValue(random) : harmless(id, valueFor(schema, 'body', random, options));
  const text = operation.protocol === 'pbx' && random.chance(0.2) ? formOf(value) : JSON.stringify(value);
  const bytes = Buffer.from(text ?? '');
  const type = random.chance(1 - options.oddShare)
    ? 'application/json'
    : random.pick([
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/xml',
        'x',
        '',
        'multipart/form-data',
        'application/json; charset=utf-7',
      ]);
  return {
    body: options.oddShare > 0 ? breakBytes(bytes, random) : bytes,
    headers: [['content-type', type]],
  };
}

/** A form as PBX applications send it. */
function formOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(
      ([name, member]) =>
        `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(textOf(member).toWellFormed())}`,
    )
    .join('&');
}

/** An expectation that waits long says nothing about the server. */
function harmless(id: string, value: unknown): unknown {
  if (id !== 'verify' || typeof value !== 'object' || value === null) return value;
  return { ...value, within: '10ms', neverFor: undefined };
}

function headersFor({ protocol }: FuzzOperation, random: Random, oddShare: number): [string, string][] {
  const host = random.chance(oddShare) ? random.pick(oddHosts) : protocol === 'sls' ? slsHost : '127.0.0.1';
  const headers: [string, string][] = [['host', host]];
  const add = (name: string, values: readonly string[]): void => {
    if (random.chance(oddShare)) headers.push([name, random.pick(values)]);
  };
  add('date', ['', 'yesterday', 'Sun, 06 May 2018 09:44:10 GMT', '20180506T094410Z']);
  add('authorization', ['', 'LOG x', 'LOG a:b', 'Bearer x', 'acs x', 'LOG4-HMAC-SHA256 x']);
  add('x-log-date', ['', '20180506T094410Z', '99999999T999999Z']);
  add('x-log-apiversion', ['0.6.0', '0.4.0', '']);
  add('content-encoding', ['', 'deflate', 'gzip', 'x']);
  add('accept-encoding', ['lz4', 'zstd', 'deflate', 'gzip, deflate', '*', '']);
  add('accept', ['*/*', 'application/x-protobuf', 'application/x-ndjson', 'text/html', '']);
  add('x-request-id', ['x', 'é'.repeat(3), 'a'.repeat(500)]);
  add('traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x']);
  add('origin', ['http://evil.example', 'null', '']);
  add('cookie', ['a=b']);
  add('range', ['bytes=0-1']);
  add('if-none-match', ['*']);
  return headers;
}
