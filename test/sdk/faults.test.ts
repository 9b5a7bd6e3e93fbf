/**
 * Faults as real clients meet them: each kind looks like the vendor's own failure or that of a network, and what the client does about
 * it is in the journal. Presence: the retry policy of the JavaScript SDK, which decides what is tried again. SLS: the OpenAPI SDK with its
 * retry conditions, and the older SDK, which leaves that to the program. PBX: an application on undici.
 */
import { createRequire } from 'node:module';
import PubNub from 'pubnub';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { resolveSlsNames } from './sls-names.ts';

// CommonJS without types.
const load = createRequire(import.meta.url);
const LogClient = load('@alicloud/log');
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');

let started: StartedApp;
resolveSlsNames();
beforeEach(async () => {
  started = await startApp({ slsAutoCreate: true });
});
afterEach(() => started.close());

const inject = async (fault: object): Promise<string> => {
  const added = await started.app.inject({ method: 'POST', url: '/_heartbeatd/faults', payload: fault });
  expect(added.statusCode).toBe(200);
  return added.json().id;
};

interface Seen {
  readonly state: string;
  readonly fault: string | null;
  readonly reply: { readonly status: number } | null;
}
const journal = async (operation: string): Promise<readonly Seen[]> =>
  (await started.app.inject(`/_heartbeatd/journal?operation=${operation}`)).json().entries;

/** The first request met the fault, and the client sent it once more. */
const expectOneRetry = async (operation: string, fault: string): Promise<void> => {
  const seen = await journal(operation);
  expect(seen.map((entry) => entry.fault)).toEqual([fault, null]);
  expect(seen[1]).toMatchObject({ state: 'answered', reply: { status: 200 } });
};

/** Lets a request go on that a rule holds, once there is one. */
const release = async (id: string): Promise<void> => {
  const rule = `/_heartbeatd/faults/${id}`;
  await expect.poll(async () => (await started.app.inject(rule)).json().held).toBe(1);
  await started.app.inject({ method: 'POST', url: `${rule}/release` });
};

const networkFailures = [
  { drop: 'before' },
  { drop: 'after' },
  { reset: true },
  { truncate: 0.5 },
  { garbage: true },
] as const;
const slowness = [
  { delay: 5 },
  { delay: { median: 5, sigma: 0.5 } },
  { dribble: { bytes: 8, every: 1 } },
  { store: 'slow' },
] as const;

describe('the JavaScript SDK of Presence', () => {
  const client = (): PubNub => {
    const policy = PubNub.LinearRetryPolicy({ delay: 2, maximumRetry: 3 });
    return new PubNub({
      subscribeKey: 'demo',
      publishKey: 'demo',
      userId: 'ann',
      origin: started.url.slice('http://'.length),
      ssl: false,
      // Its shortest pause is two seconds.
      retryConfiguration: Object.assign(policy, { getDelay: () => 1 }),
    });
  };
  const publish = async (): Promise<void> => {
    const ann = client();
    try {
      expect((await ann.publish({ channel: 'lobby', message: 'hello' })).timetoken).toMatch(/^\d{17}$/);
    } finally {
      ann.destroy();
    }
  };
  const match = { operation: 'Publish' };

  it.each([
    { error: 'unavailable' },
    { status: 503 },
    { status: 429 },
    { store: 'away' },
    ...networkFailures,
  ])('sends a message again after %j', async (effect) => {
    const fault = await inject({ match, do: effect });
    await publish();
    await expectOneRetry('Publish', fault);
  });

  it.each(slowness)('waits through %j', async (effect) => {
    const fault = await inject({ match, do: effect });
    await publish();
    expect((await journal('Publish')).map((entry) => entry.fault)).toEqual([fault]);
  });

  it('reads what is answered in place of the truth', async () => {
    await inject({
      match: { operation: 'HereNow' },
      do: { answer: { status: 200, occupancy: 7, uuids: ['ghost'] } },
    });
    const ann = client();
    const here = await ann.hereNow({ channels: ['lobby'] });
    ann.destroy();
    expect(here.totalOccupancy).toBe(7);
  });

  it('waits for a request that is held until it is released', async () => {
    const id = await inject({ match, do: { hold: true } });
    const published = publish();
    await release(id);
    await published;
  });
});

describe('the SDKs of SLS', () => {
  const keys = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const older = () => new LogClient({ ...keys, endpoint: `http://sls.local:${new URL(started.url).port}` });
  const match = { operation: 'GetLogStore' };
  beforeEach(() => older().createLogStore('demo', 'logs', { ttl: 1, shardCount: 2 }));
  const read = async () =>
    expect(await older().getLogStore('demo', 'logs')).toMatchObject({ logstoreName: 'logs' });

  it.each([
    [{ error: 'ServerBusy' }, { code: 'ServerBusy' }],
    [{ error: 'LogStoreNotExist' }, { code: 'LogStoreNotExist' }],
    [{ store: 'away' }, { code: 'ServerBusy' }],
    [{ status: 403, body: { errorCode: 'Unauthorized', errorMessage: 'no' } }, { code: 'Unauthorized' }],
  ])(
    'the older one rejects with the code of the service after %j, and works again',
    async (effect, error) => {
      const fault = await inject({ match, do: effect });
      await expect(read()).rejects.toMatchObject(error);
      await read();
      await expectOneRetry('GetLogStore', fault);
    },
  );

  it.each(networkFailures)('the older one rejects after %j, and works again', async (effect) => {
    const fault = await inject({ match, do: effect });
    await expect(read()).rejects.toThrow();
    await read();
    await expectOneRetry('GetLogStore', fault);
  });

  it.each(slowness)('the older one waits through %j', async (effect) => {
    const fault = await inject({ match, do: effect });
    await read();
    expect((await journal('GetLogStore')).map((entry) => entry.fault)).toEqual([fault]);
  });

  describe('the newer one', () => {
    /** Its retry conditions name codes of the service and of Node.js, and errors without a code. */
    const retryCondition = [
      {
        maxAttempts: 3,
        exception: ['SyntaxError'],
        errorCode: ['ServerBusy', 'InternalServerError', 'ECONNRESET', 'HPE_INVALID_CONSTANT'],
      },
    ];
    const newer = () => {
      const options = { retryable: true, noRetryCondition: [], retryCondition };
      const endpoint = `sls.local:${new URL(started.url).port}`;
      const region = { endpoint, protocol: 'HTTP', regionId: 'cn-hangzhou' };
      return new sls.default(new Config({ ...keys, ...region, retryOptions: options }));
    };
    const heartbeat = async (): Promise<unknown> => {
      const beat = new sls.ConsumerGroupHeartBeatRequest({ consumer: 'c1', body: [] });
      return (await newer().consumerGroupHeartBeat('demo', 'logs', 'cg', beat)).body;
    };
    const ofHeartbeats = { operation: 'ConsumerGroupHeartBeat' };
    beforeEach(async () => {
      const group = new sls.CreateConsumerGroupRequest({ consumerGroup: 'cg', timeout: 60, order: false });
      await newer().createConsumerGroup('demo', 'logs', group);
    });

    it.each([
      { error: 'ServerBusy' },
      { error: 'InternalServerError' },
      { store: 'away' },
      { status: 503 },
      ...networkFailures,
    ])('sends a heartbeat again after %j', async (effect) => {
      const fault = await inject({ match: ofHeartbeats, do: effect });
      expect(await heartbeat()).toEqual([0, 1]);
      await expectOneRetry('ConsumerGroupHeartBeat', fault);
    });

    it.each(slowness)('waits through %j', async (effect) => {
      const fault = await inject({ match: ofHeartbeats, do: effect });
      expect(await heartbeat()).toEqual([0, 1]);
      expect((await journal('ConsumerGroupHeartBeat')).map((entry) => entry.fault)).toEqual([fault]);
    });

    it('takes a stale assignment that is answered in place of the truth', async () => {
      await inject({ match: ofHeartbeats, do: { answer: [1] } });
      expect([await heartbeat(), await heartbeat()]).toEqual([[1], [0, 1]]);
    });

    it('waits for a heartbeat that is held until it is released', async () => {
      const id = await inject({ match: ofHeartbeats, do: { hold: true } });
      const beaten = heartbeat();
      await release(id);
      expect(await beaten).toEqual([0, 1]);
    });
  });
});

describe('a PBX application on undici', () => {
  const agent = new Agent();
  afterAll(() => agent.close());
  const call = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const reply = await request(`${started.url}/api/v1.1.0/${path}`, {
      dispatcher: agent,
      method: 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (reply.statusCode !== 200) {
      await reply.body.dump();
      throw new Error(`status ${reply.statusCode}`);
    }
    return (await reply.body.json()) as Record<string, unknown>;
  };
  /** Beats until it is told that it did, at most three times, as applications do. Returns what was refused meanwhile. */
  const beat = async (token: string): Promise<readonly unknown[]> => {
    const refused: unknown[] = [];
    for (let times = 0; times < 3; times += 1) {
      const answer = await call(`heartbeat?token=${token}`).catch(() => ({ errno: 'network' }));
      if ('status' in answer && answer.status === 'Success') return refused;
      refused.push('errno' in answer ? answer.errno : undefined);
    }
    throw new Error(`no heartbeat in three attempts: ${refused.join()}`);
  };
  const login = async (): Promise<string> =>
    String((await call('login', { username: 'api', password: 'x', port: '8260' })).token);
  const match = { operation: 'PbxHeartbeat' };

  const failures: readonly (readonly [effect: object, errno: string])[] = [
    [{ error: 'serviceUnreachable' }, '20010'],
    [{ error: '20004' }, '20004'],
    [{ store: 'away' }, '20010'],
    [{ answer: { status: 'Failed', errno: '20099' } }, '20099'],
    [{ status: 502 }, 'network'],
    ...networkFailures.map((effect) => [effect, 'network'] as const),
  ];
  it.each(failures)('beats again after %j', async (effect, errno) => {
    const token = await login();
    const fault = await inject({ match, do: effect });
    expect(await beat(token)).toEqual([errno]);
    await expectOneRetry('PbxHeartbeat', fault);
  });

  it.each(slowness)('waits through %j', async (effect) => {
    const token = await login();
    const fault = await inject({ match, do: effect });
    expect(await beat(token)).toEqual([]);
    expect((await journal('PbxHeartbeat')).map((entry) => entry.fault)).toEqual([fault]);
  });

  it('waits for a heartbeat that is held until it is released', async () => {
    const token = await login();
    const id = await inject({ match, do: { hold: true } });
    const beaten = beat(token);
    await release(id);
    expect(await beaten).toEqual([]);
  });
});
