import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readWhole } from '../../../src/http/whole/request.ts';

const unused = {} as Socket;
const read = (text: string) => readWhole(Buffer.from(text, 'latin1'), unused, undefined);

describe('a piece of input', () => {
  it('is read as a request with its headers and its body', () => {
    const request = read(
      'POST /a?b=c HTTP/1.1\r\nHost: here\r\nX-Two:  a, b\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\nabc',
    );
    expect(request).toMatchObject({ method: 'POST', url: '/a?b=c' });
    expect(request?.headers).toEqual({
      ...{ host: 'here', 'x-two': 'a, b', 'content-length': '3', connection: 'Keep-Alive' },
    });
    expect(request?.rawHeaders.slice(0, 4)).toEqual(['Host', 'here', 'X-Two', 'a, b']);
    expect(request?.body.toString()).toBe('abc');
  });

  it('is read with the headers of the request before only if it has the same', () => {
    const first = read('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    const next = (host: string) =>
      readWhole(Buffer.from(`GET /2 HTTP/1.1\r\nHost: ${host}\r\n\r\n`), unused, first?.head);
    expect(next('a')?.head).toBe(first?.head);
    expect(next('b')?.headers).toEqual({ host: 'b' });
  });

  it.each([
    ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['two requests', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a part of its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab'],
    ['more than its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd'],
    ['a body without a length', 'POST / HTTP/1.1\r\nHost: a\r\n\r\nabc'],
    ['a GET with a length', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na'],
    ['an empty line first', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\nAccept: a\r\n\r\n'],
    ['no headers', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
    ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na'],
    ['a length with a sign', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na'],
    ['chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['a last request, to a proxy', 'GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n'],
    ['a header that is a list', 'GET / HTTP/1.1\r\nHost: a\r\nSet-Cookie: a=b\r\n\r\n'],
    ['a header without a value', 'GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n'],
    ['a space after a value', 'GET / HTTP/1.1\r\nHost: a \r\n\r\n'],
    ['a lower-case method', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two spaces before its version', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a length with a zero first', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\na'],
    ['a line feed in its target', 'GET /\nHost: b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a TLS handshake', '\x16\x03\x01\x00\x05\x01\r\n\r\n'],
    ['a last request', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['another method', 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target in absolute form', 'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a raw byte in its target', 'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a raw byte in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\r\n\r\n'],
    ['a header of two lines', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n'],
    ['a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\rX: a\r\n\r\n'],
    ['a null byte', 'GET / HTTP/1.1\r\nHost: a\0\r\n\r\n'],
    ['a space before a colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a name that objects have', 'GET / HTTP/1.1\r\nHost: a\r\n__proto__: a\r\n\r\n'],
    [
      'more headers than are read',
      `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 100 }, (_, at) => `x-${at}: a\r\n`).join('')}\r\n`,
    ],
    ['more bytes than are read', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('is left to Node with %s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
