/** The operation seam, proved by a fourth protocol that is one folder and one line. */
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../src/app.ts';
import { defaultConfig } from '../../../src/config.ts';
import { drop, type Exchange, type Interceptor } from '../../../src/protocols/kit/intercept.ts';
import type { App } from '../../../src/protocols/kit/protocol.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { beacon } from './beacon/beacon.ts';

let app: App;
let store: Store;

async function serve(interceptor?: Interceptor): Promise<void> {
  store = createStore(openEmbeddedDriver());
  const config = { ...defaultConfig(), beaconTtlSeconds: 30 };
  app = await buildApp({
    config,
    store,
    protocols: [beacon],
    ...(interceptor === undefined ? {} : { interceptor }),
  });
}

afterEach(async () => {
  await app.close();
  await store.close();
});

const light = (payload: unknown = { course: 90 }) =>
  app.inject({ method: 'PUT', url: '/beacon/north/ada', payload: JSON.stringify(payload) });
const list = async (): Promise<unknown> => (await app.inject('/beacon/north')).json();

describe('a fourth protocol', () => {
  it('renews leases that expire on the lease clock', async () => {
    await serve();
    expect((await light()).json()).toEqual({ epoch: expect.any(Number) });
    expect(await list()).toEqual(['ada']);
    await store.advanceClock(30_000);
    expect(await list()).toEqual([]);
  });

  it('refuses in its own shape, and changes nothing', async () => {
    await serve();
    const refused = await light({ course: 360 });
    expect([refused.statusCode, refused.json()]).toEqual([
      422,
      { code: 'CourseInvalid', message: 'invalid course at "/course"' },
    ]);
    expect(await list()).toEqual([]);
  });

  it('answers paths of its own that no operation has, and bodies that are too large', async () => {
    await serve();
    expect((await app.inject('/beacon/north/ada/crew')).json()).toEqual({ code: 'not-found' });
    expect((await light({ course: 1, log: 'x'.repeat(2_000) })).json()).toEqual({ code: 'unreadable' });
  });

  it('is documented with the name, the parameters, the success and the errors of each operation', async () => {
    await serve();
    const document = (await app.inject('/_heartbeatd/openapi.json')).json();
    expect(document.paths['/beacon/{fleet}/{ship}'].put).toMatchObject({
      operationId: 'LightBeacon',
      parameters: [{ name: 'fleet' }, { name: 'ship' }],
      responses: { 200: {}, 422: { description: 'CourseInvalid' } },
    });
  });

  it('is counted by operation', async () => {
    await serve();
    await light();
    expect((await app.inject('/metrics')).body).toContain(
      'heartbeatd_requests_total{protocol="beacon",operation="LightBeacon",status="200"} 1',
    );
  });
});

describe('an interceptor', () => {
  it('sees every exchange, its subject and its reply, refusals included', async () => {
    const seen: unknown[] = [];
    const note = ({ operation, subject }: Exchange, status: number): void => {
      seen.push([operation.name, subject.holder, status]);
    };
    await serve({
      async after(exchange, reply) {
        if (typeof reply !== 'function') note(exchange, reply.status);
        return reply;
      },
    });
    await light();
    await light({ course: -1 });
    expect(seen).toEqual([
      ['LightBeacon', 'ada', 200],
      ['LightBeacon', 'ada', 422],
    ]);
  });

  it('fails a request before it takes effect', async () => {
    await serve({
      before: async ({ operation }) =>
        operation.name === 'LightBeacon' ? { status: 503, headers: [], body: '' } : undefined,
    });
    expect((await light()).statusCode).toBe(503);
    expect(await list()).toEqual([]);
  });

  it('loses the reply of a request that took effect', async () => {
    await serve({
      after: async ({ operation }, reply) => (operation.name === 'LightBeacon' ? drop : reply),
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    await expect(fetch(`${url}/beacon/north/ada`, { method: 'PUT', body: '{"course":1}' })).rejects.toThrow();
    expect(await list()).toEqual(['ada']);
  });
});
