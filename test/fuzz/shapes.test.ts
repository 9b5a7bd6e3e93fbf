/** What the fuzzer takes for a fault of a reply. */
import { describe, expect, it } from 'vitest';
import { parseReply } from './connection.ts';
import { readOperations } from './document.ts';
import { mismatch } from './schema.ts';
import { findFault } from './shapes.ts';

const [list, heartbeat, here] = readOperations({
  paths: {
    '/logstores': {
      get: {
        tags: ['sls'],
        responses: {
          200: { content: { 'application/json': { schema: { type: 'object', required: ['count'] } } } },
          404: {},
        },
      },
    },
    '/api/{version}/heartbeat': {
      post: {
        tags: ['pbx'],
        responses: {
          200: { content: { 'application/json': { schema: { type: 'object', required: ['status'] } } } },
        },
      },
    },
    '/v2/presence/sub-key/{subscribeKey}': {
      get: {
        tags: ['presence'],
        responses: {
          200: {},
          400: {
            content: { 'application/json': { examples: { e: { value: { status: 400, message: 'x' } } } } },
          },
        },
      },
    },
  },
});
if (list === undefined || heartbeat === undefined || here === undefined)
  throw new Error('three operations were described');

const json = { 'content-type': 'application/json' };
const sls = { ...json, 'x-log-requestid': '5B2A3A6F1C0D4E8F9A7B6C5D' };
const faultOf = (
  [operation, target]: readonly [typeof list, string],
  status: number,
  body: string,
  headers: Record<string, string> = json,
): string | undefined =>
  findFault({
    request: { method: operation.method, target, headers: [], body: undefined },
    reply: { status, headers, body: Buffer.from(body) },
    candidates: [operation],
  });
const ofSls = [list, '/logstores?x=1'] as const;
const ofPbx = [heartbeat, '/api/v2.0.0/heartbeat'] as const;
const ofPresence = [here, '/v2/presence/sub-key/demo'] as const;

describe('a reply', () => {
  it('of SLS has the documented members, or an error code with a message', () => {
    expect(faultOf(ofSls, 200, '{"count":1}', sls)).toBeUndefined();
    expect(faultOf(ofSls, 404, '{"errorCode":"a","errorMessage":"b"}', sls)).toBeUndefined();
    expect(faultOf(ofSls, 200, '{}', sls)).toBe('$ lacks count');
    expect(faultOf(ofSls, 404, '{"error":"a"}', sls)).toBe('an error with the members error');
    expect(faultOf(ofSls, 409, '{"errorCode":"a","errorMessage":"b"}', sls)).toBe(
      'status 409 is not documented',
    );
    expect(faultOf(ofSls, 200, '{"count":1}', { ...sls, 'x-log-requestid': 'x' })).toBe(
      'x-log-requestid is x',
    );
  });

  it('of the PBX has status 200 and a status in its body', () => {
    expect(faultOf(ofPbx, 200, '{"status":"Success"}')).toBeUndefined();
    expect(faultOf(ofPbx, 200, '{"status":"Failed","errno":"20004"}')).toBeUndefined();
    expect(faultOf(ofPbx, 400, '{"status":"Failed","errno":"20004"}')).toMatch(/^status 400/);
    expect(faultOf(ofPbx, 200, '{"status":"Failed","errno":20004}')).toBe('errno is 20004');
    expect(faultOf(ofPbx, 200, '{"ok":true}')).toBe('the status in the body is undefined');
  });

  it('of Presence is JSON or JSONP, and an error has the shape of a documented one', () => {
    expect(faultOf(ofPresence, 200, 'cb({"a":1})')).toBeUndefined();
    expect(faultOf(ofPresence, 400, '{"message":"no","status":400}')).toBeUndefined();
    expect(faultOf(ofPresence, 200, '<html>')).toBe('the body is neither JSON nor JSONP');
    expect(faultOf(ofPresence, 400, '{"error":"no"}')).toMatch(/^an error of the shape \{error: string\}/);
    expect(faultOf(ofPresence, 403, '{"message":"no","status":403}')).toBe('status 403 is not documented');
  });

  it('with a server error is a fault, except for what is not emulated', () => {
    expect(faultOf(ofSls, 500, '{"errorCode":"a","errorMessage":"b"}', sls)).toBe('status 500');
    expect(faultOf(ofPresence, 501, '{"message":"no"}')).toBeUndefined();
  });
});

describe('a schema', () => {
  it.each([
    [{ type: 'integer', minimum: 1 }, 1, undefined],
    [{ type: 'integer' }, 1.5, '$ is not of type integer'],
    [{ type: 'integer', minimum: 1 }, 0, '$ is below 1'],
    [{ type: ['string', 'null'] }, null, undefined],
    [{ type: 'array', items: { type: 'string' } }, ['a', 1], '$[1] is not of type string'],
    [
      { type: 'object', properties: { a: { const: 1 } }, additionalProperties: false },
      { b: 1 },
      '$ has b, which is not described',
    ],
    [{ anyOf: [{ const: 'a' }, { const: 'b' }] }, 'b', undefined],
    [{ type: 'string', pattern: '^a+$' }, 'b', '$ does not match ^a+$'],
  ])('%j of %j: %s', (schema, value, expected) => {
    expect(mismatch(schema, value)).toBe(expected);
  });
});

describe('the bytes of a reply', () => {
  const parse = (text: string, method = 'GET', isEnded = false) =>
    parseReply(Buffer.from(text), method, isEnded);

  it('are complete with their length, their last chunk, or the end', () => {
    const head = 'HTTP/1.1 200 OK\r\n';
    expect(parse(`${head}Content-Length: 2\r\n\r\nok`)?.body.toString()).toBe('ok');
    expect(parse(`${head}Content-Length: 3\r\n\r\nok`)).toBeUndefined();
    expect(
      parse(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n`)?.body.toString(),
    ).toBe('ok!');
    expect(parse(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`)).toBeUndefined();
    expect(parse(`${head}\r\nok`)).toBeUndefined();
    expect(parse(`${head}\r\nok`, 'GET', true)).toMatchObject({ isLast: true });
    expect(parse(`HTTP/1.1 100 Continue\r\n\r\n${head}Content-Length: 0\r\n\r\n`)?.status).toBe(200);
    expect(parse(`${head}Content-Length: 2\r\n\r\n`, 'HEAD')?.status).toBe(200);
  });
});
