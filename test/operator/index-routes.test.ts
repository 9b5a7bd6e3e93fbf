import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

it('/_heartbeatd/ lists the operator routes with what each is for', async () => {
  const { routes } = (await started.app.inject('/_heartbeatd/')).json<{
    routes: { method: string; path: string; summary: string }[];
  }>();
  const listed = routes.map(({ method, path }) => `${method} ${path}`);
  expect(listed).toEqual(
    expect.arrayContaining(['GET /_heartbeatd/leases', 'POST /_heartbeatd/clock', 'GET /metrics']),
  );
  expect(new Set(listed).size).toBe(listed.length);
  for (const { summary } of routes) expect(summary).toMatch(/\S/);
});

it('without the console, a browser that opens / gets a page whose links all lead somewhere', async () => {
  await started.close();
  started = await startApp({ console: false });
  const reply = await started.app.inject({ url: '/', headers: browser });
  expect(reply.headers['content-type']).toBe('text/html; charset=utf-8');
  const links = [...reply.body.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
  expect(links).toContain('/_heartbeatd/leases');
  // A stream of events does not end.
  for (const link of links.filter((one) => one !== '/_heartbeatd/events')) {
    expect([link, (await started.app.inject(link)).statusCode]).toEqual([link, 200]);
  }
});

it.each([{}, { accept: '*/*' }, { accept: 'application/json' }])(
  '/ with %j is answered by SLS',
  async (headers) => {
    const reply = await started.app.inject({ url: '/', headers });
    expect(reply.headers['content-type']).toMatch(/json/);
    expect(reply.headers['x-log-requestid']).toBeDefined();
  },
);

it('the page is open while the operator API is closed, and holds nothing of it', async () => {
  const closed = await startApp({ operatorToken: 'x', console: false });
  try {
    expect((await closed.app.inject({ url: '/', headers: browser })).statusCode).toBe(200);
    expect((await closed.app.inject('/_heartbeatd/')).statusCode).toBe(401);
  } finally {
    await closed.close();
  }
});
