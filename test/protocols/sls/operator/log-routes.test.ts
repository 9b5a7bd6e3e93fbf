/** The operator's view of logs: what a program wrote, decoded. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLogGroup } from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { logClient } from '../logs/log-client.ts';
import { logstore, type Service, sampleGroup, setUp, startMs, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 2 });
});
afterEach(() => service.close());

const { put, cursor } = logClient(() => service);
const now = startMs / 1_000;
const there = 'project=my-project&logstore=my-logstore';

async function read(query: string, accept = '*/*') {
  const { statusCode, headers, body } = await service.started.app.inject({
    url: `/_heartbeatd/sls/logs?${query}`,
    headers: { host: '127.0.0.1', accept },
  });
  return { status: statusCode, headers, body, json: () => JSON.parse(body) };
}

const route = (group: Uint8Array, shard: number) =>
  put(Buffer.from(group), {}, `${logstore}/shards/route?key=${shard === 0 ? '0' : 'f'}${'0'.repeat(31)}`);
const numbered = (number: number) =>
  encodeLogGroup({ topic: '', source: '', tags: {}, time: number, logs: [{ a: 'x' }, { b: 'é' }] });

describe('GET /_heartbeatd/sls/logs', () => {
  it('returns logs with everything that a client wrote', async () => {
    await route(sampleGroup, 1);
    expect((await read(there)).json()).toEqual({
      logs: [
        {
          shard: 1,
          cursor: await cursor('begin', 1),
          receivedAt: now,
          topic: 't1',
          source: '10.0.0.1',
          tags: { env: 'dev' },
          time: 1_405_409_656,
          contents: { TestKey: 'TestContent' },
        },
      ],
      isComplete: true,
    });
  });

  it('returns nanoseconds if the client wrote them', async () => {
    await route(
      Buffer.from('0a2308f8b2939e0512160a07546573744b6579120b54657374436f6e74656e742515cd5b07', 'hex'),
      0,
    );
    expect((await read(there)).json()).toMatchObject({ logs: [{ timeNs: 123_456_789 }] });
  });

  it('selects by shard and by the time of receipt', async () => {
    for (let at = 0; at < 3; at += 1) {
      await route(numbered(at), 0);
      await service.pass(10);
    }
    await route(numbered(9), 1);
    const times = async (query: string) =>
      (await read(`${there}&${query}`)).json().logs.map(({ time }: { time: number }) => time);
    expect(await times('')).toEqual([0, 0, 1, 1, 2, 2, 9, 9]);
    expect(await times('shard=1')).toEqual([9, 9]);
    expect(await times(`from=${now + 10}`)).toEqual([1, 1, 2, 2, 9, 9]);
    expect(await times(`from=${now + 10}&to=${now + 20}`)).toEqual([1, 1]);
    expect(await times(`to=${now}`)).toEqual([]);
  });

  it('returns one log a line on request', async () => {
    await route(numbered(1), 0);
    for (const lines of [await read(`${there}&format=ndjson`), await read(there, 'application/x-ndjson')]) {
      expect(lines.headers['content-type']).toContain('application/x-ndjson');
      const logs = lines.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(logs.map(({ contents }) => contents)).toEqual([{ a: 'x' }, { b: 'é' }]);
    }
    expect((await read(`${there}&format=json`, 'application/x-ndjson')).json().logs).toHaveLength(2);
  });

  it('says whether the limit left some out, and reads more log groups than one page of the store', async () => {
    for (let at = 0; at < 120; at += 1) await route(numbered(at), 0);
    expect((await read(there)).json()).toMatchObject({ isComplete: true, logs: { length: 240 } });
    expect((await read(`${there}&limit=3`)).json()).toMatchObject({ isComplete: false, logs: { length: 3 } });
    expect((await read(`${there}&limit=240`)).json()).toMatchObject({ isComplete: true });
    expect((await read(`${there}&limit=3&format=ndjson`)).headers['x-heartbeatd-complete']).toBe('false');
  });

  it.each([
    ['project=other&logstore=my-logstore', 404, 'no logstore my-logstore in the project other'],
    ['project=my-project&logstore=other', 404, 'no logstore other in the project my-project'],
    [`${there}&shard=7`, 404, 'no shard 7 in the logstore'],
    ['project=my-project', 400, 'logstore'],
    [`${there}&limit=0`, 400, 'limit'],
    [`${there}&form=ndjson`, 400, 'did you mean'],
  ])('refuses %s with %i', async (query, status, message) => {
    const answer = await read(query);
    expect(answer.status).toBe(status);
    expect(answer.json().error).toContain(message);
  });

  it('creates nothing, also where the vendor’s calls would', async () => {
    await service.close();
    service = await startService({ slsAutoCreate: true });
    expect((await read(there)).status).toBe(404);
    expect(await service.started.store.tenants()).toEqual([]);
  });
});
