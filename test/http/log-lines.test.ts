import { expect, it } from 'vitest';
import { oncePerCause } from '../../src/http/log/log-causes.ts';
import { describeError, inWords } from '../../src/http/log/log-error.ts';
import { prettyLine } from '../../src/http/log/log-lines.ts';
import { makeNotices } from '../../src/http/tls/notices.ts';
import { recordedLog } from '../recorded-log.ts';

const line = (fields: object): string => {
  const coloured = prettyLine(JSON.stringify({ time: 0, pid: 1, hostname: 'h', ...fields }));
  const [, text = ''] = /^\d\d:\d\d:\d\d (.*)\n$/s.exec(coloured) ?? [];
  return text.replaceAll(/\u001b\[\d+m/g, '');
};
const request = {
  protocol: 'sls',
  operation: 'X',
  method: 'GET',
  host: 'h',
  url: '/x',
  status: 200,
  ms: 6.7,
};

it.each([
  [{ level: 30, msg: 'request', reqId: 'req-1', ...request }, 'INFO GET /x 200 7 ms'],
  [{ level: 40, msg: 'request', ...request, status: 404, traceId: 'ab' }, 'WARN GET /x 404 7 ms traceId=ab'],
  [{ level: 30, msg: 'stopping', signal: 'SIGTERM' }, 'INFO stopping signal=SIGTERM'],
  [{ level: 30, msg: 'x', a: 'two words\u001b[0m', b: [1] }, 'INFO x a="two words\\u001b[0m" b=[1]'],
  [{ level: 50, msg: 'failed', err: { message: 'a\nb' } }, 'ERROR failed: a b'],
  [
    { level: 50, msg: 'failed', err: { message: 'a', stack: 'Error: a\n    at b' } },
    'ERROR failed: a\n    at b',
  ],
])('on a terminal %j reads as %s', (fields, text) => {
  expect(line(fields)).toBe(text);
});

it.each([
  ['connect ECONNREFUSED 127.0.0.1:1', 'connection refused'],
  [
    'redis at h:1: h:1 is away: connect ECONNREFUSED 127.0.0.1:1',
    'redis at h:1: h:1 is away: connection refused',
  ],
  ['getaddrinfo ENOTFOUND nosuch.invalid', 'host name nosuch.invalid not found'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'wrong user or password in REDIS_URL'],
  ['NOAUTH Authentication required.', 'password needed; set REDIS_URL=redis://:<password>@<host>:<port>'],
])('%s is logged in words: %s', (message, words) => {
  expect(inWords(message)).toBe(words);
});

it('an error of Redis is logged without the command, which holds the password, and without a stack', () => {
  const error = Object.assign(new Error('WRONGPASS x'), { command: { name: 'auth', args: ['s3cret'] } });
  error.name = 'ReplyError';
  expect(describeError(error)).toEqual({
    type: 'ReplyError',
    message: 'wrong user or password in REDIS_URL',
  });
});

it('an error of the program is logged with its stack', () => {
  expect(describeError(new TypeError('x'))).toMatchObject({
    type: 'TypeError',
    stack: expect.stringContaining('x'),
  });
});

it('one cause is one warning within five seconds, another cause one of its own', () => {
  const log = recordedLog();
  let now = 0;
  const warnings = oncePerCause(log.logger, () => now);
  const fail = (message: string): void => warnings.warn({ node: 'a', err: new Error(message) }, 'failed');
  expect(warnings.isRecent()).toBe(false);
  fail('x');
  fail('x');
  fail('y');
  expect(log.lines()).toHaveLength(2);
  expect(warnings.isRecent()).toBe(true);
  now = 5_000;
  expect(warnings.isRecent()).toBe(false);
  fail('x');
  expect(log.lines()).toHaveLength(3);
});

it('what clients cause is one warning of a kind per minute; the next one counts those left out', () => {
  const log = recordedLog();
  let now = 0;
  const notices = makeNotices(log.logger, () => now);
  for (let at = 0; at < 3; at += 1) notices.warn('a', { at }, 'refused');
  notices.warn('b', {}, 'other');
  now = 60_000;
  notices.warn('a', { at: 3 }, 'refused');
  expect(log.lines().map(({ msg, at, suppressed }) => [msg, at, suppressed])).toEqual([
    ['refused', 0, undefined],
    ['other', undefined, undefined],
    ['refused', 3, 2],
  ]);
});
