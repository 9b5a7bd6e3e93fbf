/** A CRM that is logged in, its receiver, and the operator beside it: one app per test. */
import { afterEach, beforeEach } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';
import { type Receiver, startReceiver } from './receiver.ts';

export type Json = Record<string, unknown>;

export interface Crm {
  readonly started: StartedApp;
  readonly receiver: Receiver;
  inject(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object): Promise<Json>;
  /** Makes a call of the API with the token of the login. */
  api(endpoint: string, body?: object, version?: string): Promise<Json>;
  operator(path: string, body?: object): Promise<Json>;
  /** Says what a number does when it is called. */
  answering(number: string, does: string): Promise<Json>;
  openCalls(): Promise<Json[]>;
  /** The reports so far, each as its name, with the extension and the status if it has them. */
  told(): string[];
  /** Plays a call from outside; returns its id and its outside end. */
  inboundCall(
    steps: unknown[],
    change?: object,
  ): Promise<{ readonly callid: unknown; readonly member: { id: string; channelid: string } }>;
}

export const failed = (errno: string) => ({ status: 'Failed', errno });

/** Returns the CRM of the test that runs: reports in the shape of v1.1.0, and a clock that stands still. */
export function useCrm(): Crm {
  let started: StartedApp;
  let receiver: Receiver;
  let token = '';
  const inject: Crm['inject'] = async (method, url, payload = {}) =>
    (await started.app.inject(method === 'GET' ? { url } : { method, url, payload })).json();
  beforeEach(async () => {
    started = await startApp();
    await started.store.freezeClock();
    receiver = await startReceiver();
    const body = { username: 'api', password: 'x', port: receiver.port, version: '1.0.2' };
    token = String((await inject('POST', '/api/v1.1.0/login', body)).token);
  });
  afterEach(async () => {
    await receiver.close();
    await started.close();
  });
  const operator: Crm['operator'] = (path, body = {}) => inject('POST', `/_heartbeatd/pbx/${path}`, body);
  const openCalls: Crm['openCalls'] = async () =>
    (await inject('GET', '/_heartbeatd/pbx/calls')).calls as Json[];
  return {
    get started() {
      return started;
    },
    get receiver() {
      return receiver;
    },
    inject,
    api: (endpoint, body = {}, version = 'v1.1.0') =>
      inject('POST', `/api/${version}/${endpoint}?token=${token}`, body),
    operator,
    answering: (number, does) => inject('PUT', `/_heartbeatd/pbx/answering/${number}`, { does }),
    openCalls,
    told: () =>
      receiver.bodies().map((body) => {
        const { action, extension, status } = JSON.parse(body);
        return [action, extension, status].filter(Boolean).join(' ');
      }),
    async inboundCall(steps, change = {}) {
      const { callid } = await operator('calls', { from: '5551234', to: '1000', steps, ...change });
      const [call] = await openCalls();
      return { callid, member: call?.caller as { id: string; channelid: string } };
    },
  };
}
