/** `GET /why`, over HTTP with all protocols. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consumersOf } from '../../protocols/sls/consumer-groups/consumers.ts';
import { groups, type Service, setUp, startService } from '../../protocols/sls/service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService({ pbxMaxTokens: 2 });
});
afterEach(() => service.close());

const { put, save, split, settle } = consumersOf(() => service);
const inject = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
  const given = payload === undefined ? {} : { payload };
  const reply = await service.started.app.inject({ method, url, ...given });
  return { status: reply.statusCode, json: reply.json() };
};
const why = (subject: Record<string, string>) =>
  inject('GET', `/_heartbeatd/why?${new URLSearchParams(subject)}`);
const sentences = async (subject: Record<string, string>): Promise<string> => {
  const { status, json } = await why(subject);
  expect([status, json.error]).toEqual([200, undefined]);
  expect(json.facts.tenant).toBe(subject.tenant);
  return json.sentences.join('\n');
};

const tenant = 'sls/my-project';
const cg = { tenant, group: 'my-logstore/cg' };
const beat = (consumer: string, held: readonly number[] = []) =>
  service.call('POST', `${groups}/cg?type=heartbeat&consumer=${consumer}`, held);
const move = (shard: number, to: string, changes = {}) =>
  inject('POST', '/_heartbeatd/leases/move', { ...cg, shard, to, ...changes });

describe('a consumer', () => {
  it('that is new and without shards waits for the owner, until its lease ends', async () => {
    await setUp(service);
    await beat('c1');
    await beat('c1', [0, 1, 2, 3]);
    await service.pass(30);
    await beat('c2');
    await service.pass(2);
    const text = await sentences({ ...cg, holder: 'c2' });
    expect(text).toContain('c2 owns nothing yet.');
    expect(text).toContain(
      'Shard 2 is in transfer from c1 to c2: it has left the replies to c1, which last reported it 32 s ago; c2 receives it after a heartbeat of c1 that no longer reports it, or in 28 s when the lease of c1 ends.',
    );
    const { json } = await why({ ...cg, holder: 'c2' });
    expect(json.facts).toMatchObject({
      group: 'my-logstore/cg',
      member: { holder: 'c2', remainingMs: 58_000 },
      lastRequest: { operation: 'ConsumerGroupHeartBeat', status: 200 },
    });
  });

  it('that is one too many is told that each shard has an owner', async () => {
    await setUp(service, { shardCount: 1 });
    await beat('c1');
    await beat('c2');
    expect(await sentences({ ...cg, holder: 'c2' })).toContain(
      'There are 2 consumers for 1 shard, and a shard has one owner: c2 takes over',
    );
  });

  it('that is refused with NotExistConsumerWithBody reads why, and how it joins again', async () => {
    await setUp(service);
    await beat('c1');
    await service.pass(30);
    await beat('c2');
    await service.pass(40);
    await beat('c2');
    expect((await beat('c1', [0, 1])).json.errorCode).toBe('NotExistConsumerWithBody');
    await service.pass(5);
    const text = await sentences({ ...cg, holder: 'c1' });
    expect(text).toContain('c1 is not a member of my-logstore/cg: its lease expired 15 s ago');
    expect(text).toContain(
      'refused with NotExistConsumerWithBody because they still report shards 0 and 1, which may belong to another consumer by now.',
    );
    expect(text).toContain('Shard 0 is owned by c2 now.');
    expect(text).toContain('c1 joins again with a heartbeat that reports no shard.');
    await beat('c1');
    expect(await sentences({ ...cg, holder: 'c1' })).toContain('c1 is a member of my-logstore/cg');
  });

  it('is found in all groups of its project', async () => {
    await setUp(service);
    await beat('c1');
    expect(await sentences({ tenant, holder: 'c1' })).toContain('c1 is a member of my-logstore/cg');
    expect(await sentences({ tenant })).toContain('my-logstore/cg has 1 live consumer for 4 shards.');
  });
});

it('a shard that waits for its parent names it, and what releases it', async () => {
  await setUp(service, { shardCount: 1, order: true });
  await put();
  await settle('A');
  await split(0);
  await settle('A', [0]);
  const waits =
    'Shard 1 waits for its parent: the group keeps order, and shard 0 is not consumed to the end; a checkpoint at the end of it releases shard 1.';
  expect(await sentences(cg)).toContain(waits);
  expect(await sentences({ ...cg, holder: 'A' })).toContain(waits);
  expect(await move(1, 'A')).toEqual({
    status: 409,
    json: { error: 'shard 1 waits for 0 to be consumed: the group keeps order' },
  });
  await save(0, 'end');
  await settle('A', [0]);
  expect(await sentences(cg)).not.toContain('waits for its parent');
});

it('a group without consumers says so', async () => {
  await setUp(service);
  expect(await sentences(cg)).toContain(
    'my-logstore/cg has no live consumer: none sent a heartbeat within the last 60 s',
  );
});

describe('unknown names', () => {
  it('are answered with 404 and the nearest that are known', async () => {
    await setUp(service);
    await beat('consumer-1');
    expect(await why({ tenant: 'sls/my-projcet' })).toEqual({
      status: 404,
      json: {
        error: 'unknown tenant "sls/my-projcet"; did you mean "sls/my-project"?',
        nearest: [tenant, 'pbx/default'],
      },
    });
    expect(await why({ tenant, group: 'my-logstore/gc' })).toMatchObject({
      status: 404,
      json: { error: 'unknown consumer group "my-logstore/gc"; did you mean "my-logstore/cg"?' },
    });
    expect(await why({ ...cg, holder: 'consumer-2' })).toMatchObject({
      status: 404,
      json: { nearest: ['consumer-1'] },
    });
    expect((await why({})).status).toBe(400);
    expect((await why({ tenant, holder: 'x'.repeat(2_000) })).status).toBe(400);
  });

  it('of a key, a channel and a token as well', async () => {
    await inject('GET', '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
    await inject('POST', '/api/v1.1.0/login', { username: 'crm', password: 'x'.repeat(32) });
    expect(await why({ tenant: 'presence/demo', group: 'loby' })).toMatchObject({
      status: 404,
      json: { nearest: ['lobby'] },
    });
    expect(await why({ tenant: 'presence/demo', group: 'lobby', holder: 'anne' })).toMatchObject({
      status: 404,
      json: { error: 'unknown uuid "anne"; did you mean "ann"?' },
    });
    expect(await why({ tenant: 'pbx/default', group: 'crn' })).toMatchObject({
      status: 404,
      json: { nearest: ['crm'] },
    });
    expect(await why({ tenant: 'pbx/default', holder: 'none' })).toMatchObject({ status: 404 });
  });
});

describe('a uuid', () => {
  const lobby = { tenant: 'presence/demo', group: 'lobby', holder: 'bob' };
  const path = '/v2/presence/sub-key/demo/channel/lobby';

  it('is present because of a heartbeat, and times out when another does not arrive', async () => {
    await inject('GET', `${path}/heartbeat?uuid=bob&heartbeat=300`);
    await service.pass(12);
    const text = await sentences(lobby);
    expect(text).toContain(
      'bob is present on lobby, where it joined 12 s ago: its last heartbeat or subscribe was 12 s ago, and it times out in 4 min 48 s',
    );
    expect(text).toMatch(
      /The last request of bob about lobby is Heartbeat of .*, replied to with 200 \(journal entry 1\)/,
    );
    expect(await sentences({ tenant: 'presence/demo' })).toBe('lobby has 1 occupant.');
    expect(await sentences({ tenant: 'presence/demo', group: 'lobby' })).toContain('bob is present on lobby');
  });

  it('that timed out, or left, is told when', async () => {
    await inject('GET', `${path}/heartbeat?uuid=bob&heartbeat=300`);
    await inject('GET', `${path}/heartbeat?uuid=eve&heartbeat=300`);
    await inject('GET', `${path}/leave?uuid=eve`);
    await service.pass(310);
    expect(await sentences(lobby)).toContain('bob is not present on lobby: it timed out 10 s ago');
    expect(await sentences({ ...lobby, holder: 'eve' })).toContain(
      'eve is not present on lobby: it left 5 min 10 s ago',
    );
    await inject('POST', '/_heartbeatd/reset', { tenant: 'presence/demo' });
    await inject('GET', `${path}/heartbeat?uuid=zoe`);
    expect((await why(lobby)).status).toBe(404);
  });
});

describe('a token', () => {
  const pbx = 'pbx/default';
  const login = async (): Promise<string> =>
    (await inject('POST', '/api/v1.1.0/login', { username: 'crm', password: 'x'.repeat(32), port: '9' })).json
      .token;

  it('is live until its last request is half an hour ago', async () => {
    const token = await login();
    await service.pass(60);
    const text = await sentences({ tenant: pbx, holder: token });
    expect(text).toContain(
      `Token ${token.slice(0, 8)}… of crm is live: its last request was 1 min ago, and it ends in 29 min`,
    );
    expect(text).toContain('Reports of crm go to http://127.0.0.1:9/: no report waits.');
    await service.pass(1_800);
    expect(await sentences({ tenant: pbx, holder: token })).toContain('timed out 1 min ago');
    expect(await sentences({ tenant: pbx, group: 'crm' })).toContain('no token of crm is live');
  });

  it('tells a logout from newer logins and from an operator', async () => {
    const [first, second, third] = [await login(), await login(), await login()];
    expect(await sentences({ tenant: pbx, holder: first })).toContain(
      'by a newer login, because its user had as many',
    );
    await inject('POST', `/api/v1.1.0/logout?token=${second}`);
    expect(await sentences({ tenant: pbx, holder: second })).toContain('by a logout');
    await inject('DELETE', `/_heartbeatd/leases?holder=${third}&as=released`);
    expect(await sentences({ tenant: pbx, holder: third })).toContain('by an operator');
  });
});
