/** What the tests of the PBX to play with share: an app whose clock is frozen, an application, and short forms of calls. */
import { afterEach, beforeEach } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

export const root = '/_heartbeatd/pbx';
/** Wall time of the app, ms. */
export const atMs = Date.UTC(2019, 0, 13, 23, 9, 2);

const statuses = (members: unknown): string[] =>
  ((members ?? []) as Record<string, { memberstatus?: string }>[]).map((member) =>
    Object.values(member)
      .map(({ memberstatus }) => memberstatus)
      .join(),
  );

/** Registers the hooks that start an app and a receiver for each test of the file, and returns what is sent to the app. */
export function playFixture() {
  let started: StartedApp;
  let receiver: Receiver;
  beforeEach(async () => {
    started = await startApp({}, { wallMs: () => atMs });
    await started.store.freezeClock();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await started.close();
  });

  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${started.url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { code: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const post = (path: string, body: unknown = {}) => call('POST', path, body);
  const login = async (version: string, change: Record<string, unknown> = {}): Promise<string> => {
    const { body } = await post(`/api/${version}/login`, {
      username: 'api',
      password: 'x',
      port: receiver.port,
      ...change,
    });
    return body.token;
  };
  const query = async (token: string, endpoint: string, body?: unknown, version = 'v1.1.0') =>
    (await call('POST', `/api/${version}/${endpoint}?token=${token}`, body)).body;
  /** What arrived, without what is not the same in every run. */
  const told = (): Record<string, unknown>[] => receiver.bodies().map((body) => JSON.parse(body));
  const names = (): string[] =>
    told().map(({ action, event, extension, status, members }) =>
      [action ?? event, extension, status, ...statuses(members)].filter(Boolean).join(' '),
    );

  return {
    get started() {
      return started;
    },
    get receiver() {
      return receiver;
    },
    call,
    post,
    login,
    query,
    told,
    names,
  };
}
