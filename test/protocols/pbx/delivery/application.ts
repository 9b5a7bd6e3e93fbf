/** What the tests of deliveries share: an app with a frozen clock, and an application that logs in and receives reports. */
import { afterEach, beforeEach, expect } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

export const tenant = 'pbx/default';
export const seconds = 1_000;
export const minutes = 60 * seconds;
export const sn = '369350000001';

/** A report of the state of an extension, and the body of it that applications receive. */
export const busy = (extension: string) => ({ report: 'ExtensionStatus', extension, status: 'Busy' });
export const busyBody = (extension: string) =>
  `{"action":"ExtensionStatus","extension":"${extension}","status":"Busy"}`;

/** Bytes of which the first four say a half, and that are never the same twice. */
function middling(): (size: number) => Buffer {
  let count = 0;
  return (size) => {
    const bytes = Buffer.alloc(size);
    count += 1;
    if (size >= 8) bytes.writeUInt32BE(count, size - 4);
    if (size === 3) bytes.writeUIntBE(count, 0, 3);
    if (size === 4) bytes.writeUInt32BE(2 ** 31);
    return bytes;
  };
}

/** Registers the hooks that start an app and a receiver for each test of the file, and returns what is sent to the app. */
export function deliveryFixture() {
  let started: StartedApp;
  let receiver: Receiver;
  beforeEach(async () => {
    // Jitter in the middle: pauses are exact.
    started = await startApp({}, { randomBytes: middling() });
    await started.store.freezeClock();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await started.close();
  });

  const post = async (path: string, body: unknown, app = started): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { ...((await answer.json()) as object), code: answer.status };
  };
  const get = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${started.url}${path}`)).json()) as Record<string, unknown>;
  const login = async (change: Record<string, unknown> = {}, version = 'v1.1.0'): Promise<string> => {
    const body = { username: 'api', password: 'x', port: receiver.port, ...change };
    const { token } = await post(`/api/${version}/login`, body);
    return String(token);
  };
  const beat = (token: string, body: unknown = {}) => post(`/api/v1.1.0/heartbeat?token=${token}`, body);
  const report = (body: unknown) => post('/_heartbeatd/pbx/events', body);
  const deliveries = async () =>
    (await get('/_heartbeatd/pbx/deliveries')).deliveries as Record<string, unknown>[];
  const lastOutcome = (what: RegExp) =>
    expect
      .poll(async () =>
        String((await deliveries())[0]?.last && JSON.stringify((await deliveries())[0]?.last)),
      )
      .toMatch(what);

  return {
    get started() {
      return started;
    },
    get receiver() {
      return receiver;
    },
    /** Starts another app with these settings instead, whose clock runs. */
    async restart(changes: Parameters<typeof startApp>[0]): Promise<void> {
      await started.close();
      started = await startApp(changes);
    },
    /** Starts a receiver in place of one that was closed. */
    async receiveAgain(port?: number): Promise<void> {
      receiver = await startReceiver(port);
    },
    post,
    get,
    login,
    beat,
    report,
    deliveries,
    lastOutcome,
  };
}
