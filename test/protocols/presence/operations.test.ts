/** The table of operations: what is documented, counted and logged by the vendor's names. */
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../src/app.ts';
import { defaultConfig } from '../../../src/config.ts';
import type { App } from '../../../src/protocols/kit/protocol.ts';
import { makeAccess } from '../../../src/protocols/presence/access/access.ts';
import { makeOwnJoins } from '../../../src/protocols/presence/membership/own-joins.ts';
import { presenceOperations } from '../../../src/protocols/presence/operations.ts';
import { makePolls } from '../../../src/protocols/presence/subscribe/polls.ts';
import { errors, exampleOf } from '../../../src/protocols/presence/wire/errors.ts';
import type { PresenceOperation } from '../../../src/protocols/presence/wire/operation.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../src/store/store.ts';

const key = 'sub-c-demo';
const root = `/v2/presence/sub-key/${key}`;

let app: App;
let store: Store;
const logged: Record<string, unknown>[] = [];

async function serve(): Promise<void> {
  store = createStore(openEmbeddedDriver());
  logged.length = 0;
  const logger = pino(
    { level: 'debug' },
    { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  app = await buildApp({ config: defaultConfig({ presenceHoldSeconds: 30 }), store, logger });
}

afterEach(async () => {
  await app.close();
  await store.close();
});

function operations(): readonly PresenceOperation[] {
  const wallMs = Date.now;
  return presenceOperations({
    store,
    settings: defaultConfig(),
    presenceChannels: undefined,
    access: makeAccess({ store, keysets: [], verifies: false, wallMs }),
    polls: makePolls(),
    ownJoins: makeOwnJoins(),
    debug: undefined,
    wallMs,
  });
}

interface Described {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Record<string, { readonly examples?: object }> }>
  >;
}

async function documented(): Promise<readonly Described[]> {
  const document = (await app.inject('/_heartbeatd/openapi.json')).json() as {
    paths: Record<string, Record<string, Described>>;
  };
  return Object.values(document.paths).flatMap((item) => Object.values(item));
}

describe('the OpenAPI document', () => {
  it('has every operation with its summary, parameters, success and errors', async () => {
    await serve();
    const all = await documented();
    for (const { name, summary, path, schema, errors: names, isHidden } of operations()) {
      const found = all.filter(({ operationId }) => operationId === name);
      expect(found, name).toHaveLength(isHidden === true ? 0 : 1);
      const [described] = found;
      if (described === undefined) continue;
      expect(described.summary).toBe(summary);
      const segments = [...path.matchAll(/:(\w+)/g)].map(([, segment]) => segment);
      const query = Object.keys((schema.query?.properties ?? {}) as object);
      expect(described.parameters?.map((parameter) => parameter.name)).toEqual([
        ...segments,
        ...(path.endsWith('*') ? ['rest'] : []),
        ...query,
      ]);
      expect(Object.keys(described.responses)).toContain('200');
      for (const error of names) {
        const response = described.responses[exampleOf(error)?.status ?? 0];
        expect(Object.keys(response?.content?.['application/json']?.examples ?? {}), name).toContain(error);
      }
    }
  });

  it('has no operation id twice', async () => {
    await serve();
    const ids = (await documented()).flatMap(({ operationId }) => operationId ?? []);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });
});

describe('the table of errors', () => {
  it('has an example of each error, in the shape of its service', () => {
    for (const name of Object.keys(errors)) {
      const error = exampleOf(name);
      expect(error?.status, name).toBeGreaterThanOrEqual(400);
      const body = typeof error?.body === 'function' ? error.body('1') : error?.body;
      expect(JSON.stringify(body), name).toMatch(/^[[{]/);
      expect(JSON.stringify(body), name).not.toContain('undefined');
    }
    expect(exampleOf('toString')).toBeUndefined();
  });
});

describe('operations', () => {
  it('are counted by the name of the vendor, both spellings of a path as one', async () => {
    await serve();
    await app.inject(`${root}/channel/ch/heartbeat?uuid=u1`);
    await app.inject(`${root.replace('sub-key', 'sub_key')}/channel/ch/heartbeat?uuid=u1`);
    await app.inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=a`);
    await app.inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?remove=b`);
    await app.inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=&remove=,`);
    const metrics = (await app.inject('/metrics')).body;
    const count = (operation: string): string | undefined =>
      new RegExp(
        `heartbeatd_requests_total\\{protocol="presence",operation="${operation}",status="200"\\} (\\d+)`,
      ).exec(metrics)?.[1];
    expect(count('Heartbeat')).toBe('2');
    expect(count('AddChannelsToGroup')).toBe('1');
    expect(count('RemoveChannelsFromGroup')).toBe('1');
    expect(count('ListChannelsInGroup')).toBe('1');
  });

  it('refuse a parameter of theirs that occurs twice, and ignore others', async () => {
    await serve();
    const twice = await app.inject(`${root}/channel/ch/heartbeat?uuid=u1&uuid=u2`);
    expect([twice.statusCode, twice.json()]).toEqual([
      400,
      { message: 'Could Not Parse Request', error: true, service: 'Access Manager', status: 400 },
    ]);
    const other = await app.inject(`${root}/channel/ch/heartbeat?uuid=u1&pnsdk=a&pnsdk=b`);
    expect(other.statusCode).toBe(200);
    const group = await app.inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=a&add=b`);
    expect(group.statusCode).toBe(400);
  });

  it('answer HEAD with the headers of their GET', async () => {
    await serve();
    const get = await app.inject(`${root}/channel/ch`);
    const head = await app.inject({ method: 'HEAD', url: `${root}/channel/ch` });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(String(get.body.length));
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
  });
});

describe('the debug log', () => {
  it('follows an event from the heartbeat to the reply of a poll', async () => {
    await serve();
    const subscribe = (tt: string) => app.inject(`/v2/subscribe/${key}/ch-pnpres/0?uuid=watcher&tt=${tt}`);
    const { t } = (await subscribe('0')).json() as { t: { t: string } };
    const poll = subscribe(t.t);
    await expect.poll(() => logged.map(({ msg }) => msg)).toContain('poll held');
    await app.inject(`${root}/channel/ch/heartbeat?uuid=u1`);
    await poll;
    await app.inject(`${root}/channel/ch/heartbeat?uuid=u1`);
    await app.inject(`${root}/channel/ch/leave?uuid=u1`);
    await app.inject(`/publish/p/${key}/0/ch/0/1`);
    const lines = logged.filter(({ level }) => level === 20);
    const tenant = `presence/${key}`;
    const linesOf = (subject: string): string[] =>
      lines
        .map(({ msg, holder = '' }) => `${msg} ${holder}`.trim())
        .filter((text) => text.startsWith(subject));
    expect(linesOf('lease')).toEqual(['lease granted u1', 'lease renewed u1', 'lease released u1']);
    expect(linesOf('poll')).toEqual(['poll held watcher', 'poll woken watcher', 'poll answered watcher']);
    expect(linesOf('message')).toEqual(['message appended']);
    for (const line of lines) expect(line).toMatchObject({ tenant, group: expect.stringMatching(/^ch/) });
  });
});
