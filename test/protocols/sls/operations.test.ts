/** The table of SLS operations, and what the OpenAPI document says of it. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../src/config.ts';
import { makeSlsContext } from '../../../src/protocols/sls/context.ts';
import { slsOperations } from '../../../src/protocols/sls/operations.ts';
import type { SlsOperation } from '../../../src/protocols/sls/wire/call.ts';
import { errors } from '../../../src/protocols/sls/wire/errors.ts';
import { silentLog } from '../../../src/settings/log.ts';
import { type StartedApp, startApp } from '../../start-app.ts';
import { group, host, logstore } from './service.ts';

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: { readonly 'application/json': { readonly examples?: Record<string, unknown> } } }
    >
  >;
}

let started: StartedApp;
let operations: readonly SlsOperation[];
beforeEach(async () => {
  started = await startApp();
  const { store } = started;
  operations = slsOperations(
    makeSlsContext({ store, log: silentLog, wallMs: Date.now, randomBytes }, defaultConfig()),
  );
});
afterEach(() => started.close());

async function describedOperations(): Promise<ReadonlyMap<string, Described>> {
  const document = (await started.app.inject('/_heartbeatd/openapi.json')).json() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  };
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  return new Map(all.map((operation) => [operation.operationId, operation]));
}

describe('the OpenAPI document', () => {
  it('contains every operation with its summary, its success and each of its errors', async () => {
    const described = await describedOperations();
    const visible = operations.filter(({ isHidden }) => isHidden !== true);
    expect(visible.length).toBeGreaterThan(25);
    for (const { name, summary, schema, errors: names } of visible) {
      const found = described.get(name);
      expect(found, name).toMatchObject({ summary });
      const { responses } = found as Described;
      const examples = Object.values(responses).flatMap(({ content }) =>
        Object.keys(content?.['application/json'].examples ?? {}),
      );
      expect(examples.sort(), name).toEqual([...new Set(names)].sort());
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(Object.keys(schema.replies)));
    }
  });

  it('shows errors as clients receive them', async () => {
    const heartbeat = (await describedOperations()).get('ConsumerGroupHeartBeat');
    expect(heartbeat?.responses[400]).toMatchObject({
      content: {
        'application/json': {
          examples: {
            NotExistConsumerWithBody: {
              value: {
                errorCode: 'NotExistConsumerWithBody',
                errorMessage: 'non-exist consumer with non-empty body of heartbeat message',
              },
            },
          },
        },
      },
    });
  });
});

it('every error of the table belongs to an operation', () => {
  const used = new Set<string>(operations.flatMap(({ errors: names }) => names));
  expect(Object.keys(errors).filter((name) => !used.has(name))).toEqual([]);
});

it('requests are counted by the name of the call, also where calls share a path', async () => {
  const call = (method: 'GET' | 'POST' | 'HEAD', url: string, authority = host) =>
    started.app.inject({ method, url, headers: { host: authority } });
  await call('POST', `${group}?type=heartbeat&consumer=c`);
  await call('POST', `${group}?type=checkpoint&consumer=c`);
  await call('POST', `${group}?type=other`);
  await call('GET', `${logstore}/shards/0?type=logs`);
  await call('HEAD', `${logstore}/shards/0?type=log`);
  await call('GET', `${logstore}/shards/0?type=cursor`);
  await call('POST', `${logstore}/shards/0?action=merge`);
  await call('POST', `${logstore}/shards/lb`);
  await call('GET', '/');
  await call('GET', '/', '127.0.0.1');
  const counted = (await call('GET', '/metrics', '127.0.0.1')).body.matchAll(
    /heartbeatd_requests_total\{protocol="sls",operation="(\w+)",status="(\d+)"\} (\d+)/g,
  );
  expect(
    Object.fromEntries([...counted].map(([, name, status, count]) => [name, `${status} ${count}`])),
  ).toEqual({
    ConsumerGroupHeartBeat: '404 1',
    ConsumerGroupUpdateCheckPoint: '400 1',
    UnsupportedGroupType: '400 1',
    PullLogs: '404 2',
    GetCursor: '404 1',
    MergeShards: '404 1',
    PutLogs: '415 1',
    GetProject: '404 1',
    ListProject: '200 1',
  });
});
