/** What the tests of access share: a keyset, an app that a test starts, and signed requests to it. */
import { createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';

export const keys = { subscribeKey: 'sub-c-demo', publishKey: 'pub-c-demo', secretKey: 'sec-c-demo' };
/** The same, as the setting is written. */
export const presenceKey = `${keys.subscribeKey}:${keys.publishKey}:${keys.secretKey}`;
/** Wall time of the app, ms. */
export const wall = 1_795_232_012_000;
export const grantPath = `/v3/pam/${keys.subscribeKey}/grant`;
export const root = `/v2/presence/sub-key/${keys.subscribeKey}`;

/** The reply to a request that the Access Manager refuses. */
export const forbidden = (payload: unknown) => ({
  message: 'Forbidden',
  payload,
  error: true,
  service: 'Access Manager',
  status: 403,
});

/** Registers the hook that closes the app after each test of the file, and returns how a test starts it and asks it. */
export function accessFixture() {
  let started: StartedApp | undefined;
  afterEach(async () => {
    await started?.close();
    started = undefined;
  });
  const theApp = (): StartedApp => {
    if (started === undefined) throw new Error('not started');
    return started;
  };
  const request = async (url: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', payload?: string) => {
    const answer = await theApp().app.inject({
      method,
      url,
      ...(payload === undefined
        ? {}
        : { payload: deflateSync(payload), headers: { 'content-encoding': 'deflate' } }),
    });
    return { status: answer.statusCode, headers: answer.headers, json: JSON.parse(answer.body) as unknown };
  };
  /** Signs a request with the secret key, as a customer's server does. */
  const requestSigned = async (
    path: string,
    method: 'GET' | 'POST' | 'DELETE' = 'GET',
    body = '',
    query = '',
  ) => {
    const parameters = [
      ...query.split('&').filter((part) => part !== ''),
      `timestamp=${wall / 1_000}`,
    ].sort();
    const text = [method, keys.publishKey, path, parameters.join('&'), body].join('\n');
    const signature = createHmac('sha256', keys.secretKey).update(text).digest('base64url');
    return request(
      `${path}?${parameters.join('&')}&signature=v2.${signature}`,
      method,
      body === '' ? undefined : body,
    );
  };
  const start = async (changes: Parameters<typeof startApp>[0]): Promise<void> => {
    started = await startApp(changes, { wallMs: () => wall });
  };
  return {
    theApp,
    start,
    /** Starts an app with the keyset that refuses what is not granted, and freezes its clock. */
    async startVerifying(): Promise<void> {
      await start({ presenceKeys: [presenceKey], presenceAuth: 'verify' });
      await theApp().store.freezeClock();
    },
    request,
    requestSigned,
    /** Grants these permissions for a time, min, and returns the token. */
    async tokenFor(permissions: unknown, ttl = 15): Promise<string> {
      const { json } = await requestSigned(grantPath, 'POST', JSON.stringify({ ttl, permissions }));
      return (json as { data: { token: string } }).data.token;
    },
  };
}
