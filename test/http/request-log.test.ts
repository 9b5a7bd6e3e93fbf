import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defaultConfig } from '../../src/config.ts';
import { withoutSecrets } from '../../src/http/log/request-log.ts';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';

it.each([
  ['/api/v1/heartbeat?token=813b621c&ipaddr=1', '/api/v1/heartbeat?token=***&ipaddr=1'],
  ['/x?k=v?token=813b', '/x?k=v?token=***'],
  ['/x?a=1&auth=k&signature=v2.x&uuid=u', '/x?a=1&auth=***&signature=***&uuid=u'],
  ['/x?%74oken=secret', '/x?%74oken=***'],
  ['/x?TOKEN=secret', '/x?TOKEN=***'],
  ['/x?tokens=1', '/x?tokens=1'],
  ['/x?%zz=1&auth=k', '/x?%zz=1&auth=***'],
  [`/${'x'.repeat(600)}`, `/${'x'.repeat(511)}…`],
])('%s is logged as %s', (url, logged) => {
  expect(withoutSecrets(url)).toBe(logged);
});

it('a request is one line, without its secrets', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const store = createStore(openEmbeddedDriver());
  const app = await buildApp({ config: defaultConfig(), store, logger: pino({ level: 'info' }, stream) });
  await app.inject({
    method: 'POST',
    url: '/api/v1.1.0/login?token=secret1',
    headers: { authorization: 'LOG id:secret2' },
    payload: { username: 'api', password: 'secret3' },
  });
  await app.inject('/nothing?auth=secret4');
  await app.inject({ method: 'DELETE', url: '/v3/pam/demo/grant/secret5?timestamp=1' });
  await app.close();
  await store.close();
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    protocol: 'pbx',
    operation: expect.any(String),
    method: 'POST',
    url: '/api/v1.1.0/login?token=***',
    status: 200,
    reqId: expect.any(String),
  });
  expect(JSON.parse(lines[2] ?? '').url).toBe('/v3/pam/demo/grant/***?timestamp=1');
  expect(lines.join('')).not.toMatch(/secret\d/);
});
