/** The table of operations, and how it is documented, observed and logged. */
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../../src/app.ts';
import { type Config, defaultConfig } from '../../../../src/config.ts';
import type { Interceptor } from '../../../../src/protocols/kit/intercept.ts';
import type { App } from '../../../../src/protocols/kit/protocol.ts';
import { catchAlls } from '../../../../src/protocols/pbx/api/catch-all.ts';
import { makePbxContext } from '../../../../src/protocols/pbx/api/context.ts';
import { errnos, meanings } from '../../../../src/protocols/pbx/api/errors.ts';
import { pbxOperations } from '../../../../src/protocols/pbx/api/operations.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../src/store/store.ts';

let app: App;
let store: Store;
let lines: Record<string, unknown>[];

interface Options {
  readonly config?: Config;
  readonly level?: string;
  readonly interceptor?: Interceptor;
}

async function serve({ config = defaultConfig(), level = 'silent', interceptor }: Options = {}) {
  lines = [];
  store = createStore(openEmbeddedDriver());
  const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const observed = interceptor === undefined ? {} : { interceptor };
  app = await buildApp({ config, store, logger, ...observed });
  await app.ready();
}

afterEach(async () => {
  await app.close();
  await store.close();
});

const post = async (path: string, body: Record<string, unknown> = {}) =>
  (await app.inject({ method: 'POST', url: path, payload: body })).json();
const login = async (): Promise<string> =>
  (await post('/api/v1.1.0/login', { username: 'api', password: 'x', port: 1 })).token;

interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Record<string, { content: Record<string, { examples: Record<string, unknown> }> }>;
}

describe('the OpenAPI document', () => {
  const documented = async (config: Config): Promise<Map<string, Documented>> => {
    await serve({ config });
    const { paths } = (await app.inject('/_heartbeatd/openapi.json')).json();
    const operations = Object.entries(paths as Record<string, Record<string, Documented>>)
      .filter(([path]) => path.startsWith('/api/'))
      .flatMap(([, item]) => Object.values(item));
    return new Map(operations.map((operation) => [operation.operationId, operation]));
  };
  const tableOf = (config: Config) => {
    const context = makePbxContext(
      {
        store,
        wallMs: Date.now,
        randomBytes: Buffer.alloc,
        log: pino({ level: 'silent' }),
      },
      config,
    );
    return pbxOperations(context).filter(({ isHidden }) => isHidden !== true);
  };

  it.each(['standard', 'cloud'] as const)(
    'has every operation of a %s PBX with all its errors',
    async (pbxFlavour) => {
      const config = defaultConfig({ pbxFlavour });
      const operations = await documented(config);
      const table = tableOf(config);
      expect([...operations.keys()].toSorted()).toEqual(table.map(({ name }) => name).toSorted());
      for (const { name, errors, summary } of table) {
        const operation = operations.get(name);
        expect(operation?.summary).toBe(summary);
        const examples = operation?.responses['200']?.content['application/json']?.examples ?? {};
        expect(Object.keys(examples).toSorted(), name).toEqual([...new Set(errors)].toSorted());
      }
    },
  );

  it('says what each error number means', async () => {
    const operations = await documented(defaultConfig());
    const { examples } = operations.get('PbxHeartbeat')?.responses['200']?.content['application/json'] ?? {};
    expect(examples?.[errnos.unknownToken]).toEqual({
      summary: meanings[errnos.unknownToken],
      value: { status: 'Failed', errno: '20004' },
    });
  });
});

describe('the table', () => {
  it('names each operation, and each error is in the error table', async () => {
    await serve();
    const numbers = new Set<string>(Object.values(errnos));
    for (const { name, errors } of catchAlls({ tokens: undefined as never })) {
      expect(name).toMatch(/^Pbx[A-Z]/);
      for (const error of errors) expect(numbers).toContain(error);
    }
  });

  it('gives every request a subject: the token and, once known, its user', async () => {
    const seen: unknown[] = [];
    await serve({
      interceptor: {
        async after({ operation, subject }, reply) {
          seen.push([operation.name, subject.group, subject.holder]);
          return reply;
        },
      },
    });
    const token = await login();
    await post(`/api/v1.1.0/heartbeat?token=${token}`);
    await post(`/api/v1.1.0/extension/list?token=${token}`);
    expect(seen).toEqual([
      ['PbxLogin', 'api', undefined],
      ['PbxHeartbeat', undefined, token],
      ['PbxExtensionList', 'api', token],
    ]);
  });

  it('is counted by operation, a GET as the call that it stands for', async () => {
    await serve();
    const token = await login();
    await app.inject(`/api/v1.10/heartbeat/?token=${token}`);
    await app.inject('/api/v1.1.0/nothing');
    const metrics = (await app.inject('/metrics')).body;
    expect(metrics).toContain(
      'heartbeatd_requests_total{protocol="pbx",operation="PbxHeartbeat",status="200"} 1',
    );
    expect(metrics).toContain(
      'heartbeatd_requests_total{protocol="pbx",operation="PbxUnknownRequest",status="200"} 1',
    );
  });

  it('refuses GET where a call is POST only, before anything else', async () => {
    await serve();
    const get = async (path: string) => (await app.inject(path)).json().errno;
    expect(await get('/api/v1.1.0/login')).toBe(errnos.postOnly);
    expect(await get('/api/v0.0.1/heartbeat')).toBe(errnos.postOnly);
    expect(await get('/api/v0.0.1/nothing')).toBe(errnos.requestNotSupported);
    expect(await get('/api/x/heartbeat')).toBe(errnos.requestNotSupported);
  });
});

describe('debug logs', () => {
  const messages = () => lines.filter(({ level }) => level === 20).map(({ msg }) => msg);

  it('follow a report from the queue to its verdict, without the whole token', async () => {
    await serve({ level: 'debug' });
    const token = await login();
    await post(`/api/v1.1.0/heartbeat?token=${token}`);
    await post('/_heartbeatd/pbx/events', { report: 'BootUp' });
    await expect.poll(messages).toContain('pbx report attempt finished');
    const stops = messages().filter((message) => /^pbx (?:token|report)/.test(String(message)));
    expect(stops.slice(0, 5)).toEqual([
      'pbx token issued',
      'pbx token renewed',
      'pbx report queued',
      'pbx report attempt started',
      'pbx report attempt finished',
    ]);
    const attempt = lines.find(({ msg }) => msg === 'pbx report attempt finished');
    expect(attempt).toMatchObject({
      tenant: 'pbx/default',
      group: 'api',
      holder: `${token.slice(0, 8)}…`,
      position: 1,
      report: 'BootUp',
      verdict: 'unreached',
    });
    expect(JSON.stringify(lines)).not.toContain(token);
  });

  it('are not written at info', async () => {
    await serve({ level: 'info' });
    const token = await login();
    await post(`/api/v1.1.0/heartbeat?token=${token}`);
    expect(messages()).toEqual([]);
  });
});
