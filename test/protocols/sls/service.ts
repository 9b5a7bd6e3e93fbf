/** The server as SLS tests call it: one app with a frozen lease clock. */
import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

export const host = 'my-project.cn-hangzhou.log.aliyuncs.com';
/** Wall time at the start of a test, ms since 1970. */
export const startMs = Date.UTC(2018, 4, 6, 9, 44, 11);

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  /** Body as written, in place of a value. */
  readonly raw?: string;
}

export interface Service {
  readonly started: StartedApp;
  /** Sends a request; a body that is not a Buffer is sent as JSON. */
  call(
    method: string,
    url: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly bytes: Buffer;
    readonly text: string;
    readonly json: ReturnType<typeof JSON.parse>;
  }>;
  /** Advances the clock of all tenants. */
  pass(seconds: number): Promise<void>;
  nowSeconds(): number;
  /** Sets the wall clock only, seconds since 1970. */
  setWallClock(seconds: number): void;
  close(): Promise<void>;
}

export async function startService(changes: Partial<Config> = {}): Promise<Service> {
  let wallMs = startMs;
  let passedMs = 0;
  const started = await startApp(changes, { wallMs: () => wallMs });
  await started.store.freezeClock();
  return {
    started,
    async call(method, url, body, options = {}) {
      const payload =
        options.raw ?? (body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
      const answer = await started.app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        headers: {
          host: options.host ?? host,
          ...(payload === undefined || Buffer.isBuffer(payload)
            ? {}
            : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(payload === undefined ? {} : { payload }),
      });
      expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      const isJson = answer.headers['content-type'] === 'application/json' && answer.body !== '';
      return {
        status: answer.statusCode,
        headers: answer.headers as Record<string, string>,
        bytes: answer.rawPayload,
        text: answer.body,
        json: isJson ? JSON.parse(answer.body) : undefined,
      };
    },
    async pass(seconds) {
      const ms = Math.round(seconds * 1_000);
      passedMs += ms;
      await started.store.advanceClock(ms);
    },
    nowSeconds: () => Math.floor((startMs + passedMs) / 1_000),
    setWallClock(seconds) {
      wallMs = seconds * 1_000;
    },
    close: () => started.close(),
  };
}

/** Creates a project, a logstore, and a consumer group in it. */
export async function setUp(
  { call }: Service,
  { shardCount = 4, timeout = 60, order = false } = {},
): Promise<void> {
  await call('POST', '/', { projectName: 'my-project', description: 'd' });
  await call('POST', '/logstores', { logstoreName: 'my-logstore', ttl: 30, shardCount });
  await call('POST', groups, { consumerGroup: 'cg', timeout, order });
}

export const logstore = '/logstores/my-logstore';
export const groups = `${logstore}/consumergroups`;
export const group = `${groups}/cg`;

export const refused = (status: number, errorCode: string, errorMessage?: string) => ({
  status,
  json: errorMessage === undefined ? { errorCode } : { errorCode, errorMessage },
});

/** A LogGroup of one log: `t1`, `10.0.0.1`, TestKey=TestContent, tag env=dev. */
export const sampleGroup = Buffer.from(
  '0a1e08f8b2939e0512160a07546573744b6579120b54657374436f6e74656e741a027431220831302e302e302e31320a0a03656e761203646576',
  'hex',
);
