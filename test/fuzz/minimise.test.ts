import { expect, it } from 'vitest';
import { minimise } from './minimise.ts';
import { curlOf, type FuzzRequest } from './request.ts';

const request: FuzzRequest = {
  method: 'POST',
  target: '/a/bcd?x=1&bad=yes&y=2',
  headers: [
    ['host', 'x'],
    ['content-type', 'application/json'],
    ['cookie', "a='b'"],
  ],
  body: Buffer.from('{"a":1,"evil":true,"b":[1,2,3]}'),
};

it('a failing request is reduced to what makes it fail', async () => {
  const smallest = await minimise(
    request,
    async ({ target, body }) => target.includes('bad=') && body?.includes('evil') === true,
  );
  expect(smallest.target).toMatch(/^\/\w\/\w\?bad=\w$/);
  expect(smallest.headers).toEqual([['host', 'x']]);
  expect(smallest.body?.toString()).toBe('evil');
});

it('a request is shown as a shell command that sends the same bytes', () => {
  expect(curlOf(request, 'http://h')).toBe(
    `echo ${request.body?.toString('base64')} | base64 -d | curl -sS -i -g --path-as-is -X POST -H 'host: x' -H 'content-type: application/json' -H 'cookie: a='\\''b'\\''' --data-binary @- 'http://h/a/bcd?x=1&bad=yes&y=2'`,
  );
});
