import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageFileNames } from '../../src/operator/console/files.ts';
import { makeLateness } from '../../src/operator/overview/lateness.ts';
import { makeRates } from '../../src/operator/overview/rates.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

const browser = { accept: 'text/html,application/xhtml+xml' };
const page = { url: '/_heartbeatd/', headers: browser };

describe('the console', () => {
  it('is where a browser that opens / arrives, while programs get the list of routes', async () => {
    const first = await started.app.inject({ url: '/', headers: browser });
    expect([first.statusCode, first.headers.location]).toEqual([302, '/_heartbeatd/']);
    const { headers, body } = await started.app.inject(page);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(body).toContain('/_heartbeatd/console/app.js');
    expect((await started.app.inject('/_heartbeatd/')).json()).toHaveProperty('routes');
  });

  it('serves every file that another one loads', async () => {
    const served = new Set(pageFileNames().map((name) => `/_heartbeatd/console/${name}`));
    for (const url of served) {
      const { statusCode, body } = await started.app.inject(url);
      expect([url, statusCode]).toEqual([url, 200]);
      // Types are imported in comments only.
      const code = body.replace(/\/\*[\s\S]*?\*\//g, '');
      const loaded = [...code.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g)].map(
        ([, name = '']) => name,
      );
      if (!url.endsWith('.js')) continue;
      for (const name of loaded) expect(served).toContain(new URL(name, `http://x${url}`).pathname);
    }
  });

  it('sends a file compressed, and only when it has changed', async () => {
    const url = '/_heartbeatd/console/app.js';
    const plain = await started.app.inject(url);
    const compressed = await started.app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect(gunzipSync(compressed.rawPayload).toString()).toBe(plain.body);
    const again = await started.app.inject({ url, headers: { 'if-none-match': String(plain.headers.etag) } });
    expect(again.statusCode).toBe(304);
  });

  it('is open while the operator API wants a token, and holds nothing of it', async () => {
    const guarded = await startApp({ operatorToken: 'x' });
    try {
      expect((await guarded.app.inject(page)).statusCode).toBe(200);
      expect((await guarded.app.inject('/_heartbeatd/overview')).statusCode).toBe(401);
    } finally {
      await guarded.close();
    }
  });

  it('is turned off by CONSOLE', async () => {
    const without = await startApp({ console: false });
    try {
      expect((await without.app.inject(page)).headers['content-type']).toMatch(/json/);
      expect((await without.app.inject('/_heartbeatd/console/app.js')).statusCode).toBe(404);
    } finally {
      await without.close();
    }
  });
});

const beat = (uuid: string) =>
  started.app.inject(`/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`);

describe('GET /overview', () => {
  it('tells what is alive, by protocol and tenant', async () => {
    await beat('ann');
    await beat('bob');
    expect((await started.app.inject('/_heartbeatd/overview')).json()).toMatchObject({
      leases: { presence: 2 },
      tenants: [{ protocol: 'presence', tenant: 'presence/demo', leases: 2 }],
      latenessP99Ms: null,
    });
  });

  it('counts the requests of a second once it is over', () => {
    const rates = makeRates();
    rates.count('requests', 5_000);
    rates.count('requests', 5_999);
    expect(rates.read('requests', 5_999).at(-1)).toBe(0);
    expect(rates.read('requests', 6_000).at(-1)).toBe(2);
    rates.count('errors', 7_000);
    expect(rates.read('requests', 8_000).slice(-3)).toEqual([2, 0, 0]);
    expect(rates.read('errors', 8_000).at(-1)).toBe(1);
    expect(rates.read('requests', 700_000).every((count) => count === 0)).toBe(true);
  });

  it('knows how late 99 of 100 expiries were at most', () => {
    const lateness = makeLateness();
    expect(lateness.p99()).toBeNull();
    for (let ms = 1; ms <= 100; ms += 1) lateness.add(ms);
    expect(lateness.p99()).toBe(99);
  });
});

describe('GET /settings', () => {
  it('lists each value with where it came from, and no secret', async () => {
    const other = await startApp({ operatorToken: 'hush', slsAutoCreate: true });
    try {
      const headers = { authorization: 'Bearer hush' };
      const { body } = await other.app.inject({ url: '/_heartbeatd/settings', headers });
      expect(body).not.toContain('hush');
      const { settings } = JSON.parse(body) as {
        settings: { name: string; value: string; source: string }[];
      };
      const shown = Object.fromEntries(settings.map(({ name, value, source }) => [name, [value, source]]));
      expect(shown).toMatchObject({
        OPERATOR_TOKEN: ['***', 'code'],
        SLS_AUTO_CREATE: ['true', 'code'],
        CONSOLE: ['true', 'default'],
      });
    } finally {
      await other.close();
    }
  });
});

it.each([
  ['protocol=presense', 400, '"presence"'],
  ['tenant=presense%2Fdemo', 400, '"presence"'],
  ['tenant=presence%2Fdmeo', 404, '"presence/demo"'],
])('GET /leases?%s is %i and names the nearest', async (query, status, nearest) => {
  await beat('ann');
  const reply = await started.app.inject(`/_heartbeatd/leases?${query}`);
  expect(reply.statusCode).toBe(status);
  expect(reply.json()).toEqual({ error: expect.stringContaining(`did you mean ${nearest}`) });
});

describe('DELETE /leases', () => {
  const end = (query: string) =>
    started.app.inject({ method: 'DELETE', url: `/_heartbeatd/leases?${query}` });

  it('ends the selected leases as expired, and says which', async () => {
    await beat('ann');
    await beat('bob');
    const reply = await end('tenant=presence%2Fdemo&holder=ann');
    expect(reply.json()).toMatchObject({ ended: [{ group: 'lobby', holder: 'ann' }], more: false });
    const { leases } = (await started.app.inject('/_heartbeatd/leases')).json<{
      leases: { holder: string }[];
    }>();
    expect(leases.map(({ holder }) => holder)).toEqual(['bob']);
  });

  it.each([
    ['expired', 'lease.expired'],
    ['released', 'lease.released'],
  ])('as=%s is the event %s', async (as, type) => {
    await beat('ann');
    await end(`holder=ann&as=${as}`);
    const body = { match: { type, holder: 'ann' }, of: 'events' };
    const verdict = await started.app.inject({ method: 'POST', url: '/_heartbeatd/verify', body });
    expect(verdict.json()).toMatchObject({ satisfied: true });
  });

  it('is 404 if nothing matches, and 400 without a selector', async () => {
    await beat('ann');
    expect((await end('holder=zoe')).statusCode).toBe(404);
    expect((await end('')).statusCode).toBe(400);
    expect((await end('holdr=ann')).json()).toMatchObject({ error: expect.stringContaining('"holder"') });
    expect((await started.app.inject('/_heartbeatd/leases')).json()).toMatchObject({ leases: [{}] });
  });
});
