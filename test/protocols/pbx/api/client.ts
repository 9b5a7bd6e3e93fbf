/** What the tests of the PBX API share: an app with a frozen clock, and requests as applications send them. */
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, expect } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';

export const tenant = 'pbx/default';
export const md5OfPass = '1a1dc91c907325c69271ddf0c944bc72';
export const minutes = 60_000;
export const success = { status: 'Success' };
export const failed = (errno: string) => ({ status: 'Failed', errno });

/** A request: a body to be written as JSON, or a raw one. */
export type Sent = { body?: unknown; raw?: string; type?: string; method?: 'GET' | 'POST' };

/** Registers the hooks that start an app for each test of the file, and returns what applications send to it. */
export function apiFixture() {
  let started: StartedApp;
  beforeEach(async () => {
    started = await startApp();
    await started.store.freezeClock();
  });
  afterEach(() => started.close());

  const send = async (path: string, { body, raw, type, method = 'POST' }: Sent = {}) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const contentType = type ?? (body === undefined ? undefined : 'application/json; charset=utf-8');
    const options: InjectOptions = { method, url: `/api/${path}` };
    if (payload !== undefined) options.payload = payload;
    if (contentType !== undefined && contentType !== 'none')
      options.headers = { 'content-type': contentType };
    const answer = await started.app.inject(options);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE',
      'content-type': 'application/json',
    });
    return answer.json();
  };
  const login = async (version = 'v1.1.0', change: Record<string, unknown> = {}): Promise<string> => {
    const body = { username: 'api', password: md5OfPass, port: '8260', ...change };
    const { token } = (await send(`${version}/login`, { body })) as { token: string };
    return token;
  };
  const callback = async (token: string): Promise<Record<string, unknown>> => {
    const lease = await started.store.read({ tenant, group: 'api', holder: token });
    return JSON.parse(lease?.data ?? '{}');
  };

  return {
    get started() {
      return started;
    },
    /** Starts another app with these settings instead, whose clock runs. */
    async restart(changes: Parameters<typeof startApp>[0] = {}): Promise<void> {
      await started.close();
      started = await startApp(changes);
    },
    send,
    login,
    callback,
    /** Returns the URL that reports of the token go to. */
    goesTo: async (token: string) => (await callback(token)).callback,
  };
}
