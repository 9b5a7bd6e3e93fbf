import { expect, it } from 'vitest';
import { readStatus } from '../../../../src/protocols/pbx/callback/status-line.ts';

const chunked = 'HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\nDate: now\r\n\r\n';

it.each([
  ['2\r\nno\r\n0\r\n\r\n', 'no'],
  ['2;name=value\r\nno\r\n3\r\n, n\r\n1\r\not\r\n', 'no, no'],
  ['2\nno\n1\n!\n0\n\n', 'no!'],
  ['ff\r\nas far as it arr', 'as far as it arr'],
  ['zz\r\nno chunk', ''],
  ['', ''],
])('the body of a chunked reply is read from its chunks: %j', (body, rest) => {
  expect(readStatus(chunked + body, false)).toEqual({ status: 500, rest });
});

it('the body of any other reply is kept as it is', () => {
  const reply = 'HTTP/1.1 200 OK\r\nx-note: chunked\r\n\r\n2\r\nno\r\n';
  expect(readStatus(reply, false)).toEqual({ status: 200, rest: '2\r\nno\r\n' });
});
