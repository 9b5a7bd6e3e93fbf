/** Limits of logs, and requests that are refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLogGroup } from '../../../../src/protocols/sls/logs/codec/log-group.ts';
import { logstore, refused, type Service, sampleGroup, setUp, startService } from '../service.ts';
import { logClient, lz4Block, step } from './log-client.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const { put, cursor, pull } = logClient(() => service);

describe('logs are limited', () => {
  const start = async (change: Parameters<typeof startService>[0]): Promise<void> => {
    await service.close();
    service = await startService(change);
    await setUp(service, { shardCount: 1 });
  };

  it('in bytes per shard: the oldest are dropped, and their cursors become invalid', async () => {
    await start({ slsMaxShardBytes: 1_024 });
    const first = await cursor('begin');
    for (let at = 0; at < 30; at += 1) await put(sampleGroup);
    const begin = await cursor('begin');
    expect(begin).toBe(step(first, 30 - Math.floor(1_024 / (sampleGroup.length + 4))));
    expect(await cursor('end')).toBe(step(first, 30));
    expect((await pull(begin)).status).toBe(200);
    expect(await pull(first)).toMatchObject(refused(400, 'InvalidCursor', 'this cursor is invalid'));
  });

  it('in log groups per shard', async () => {
    await start({ slsMaxShardLogGroups: 3 });
    const first = await cursor('begin');
    for (let at = 0; at < 5; at += 1) await put(sampleGroup);
    expect(await cursor('begin')).toBe(step(first, 2));
  });

  it('in bytes and logs per group, measured before compression', async () => {
    await start({ slsMaxLogGroupBytes: 100_000, slsMaxLogsPerGroup: 3 });
    const group = (count: number, size: number): Buffer =>
      Buffer.from(
        encodeLogGroup({
          topic: '',
          source: '',
          tags: {},
          time: 1,
          logs: Array.from({ length: count }, () => ({ value: 'x'.repeat(size) })),
        }),
      );
    expect((await put(group(3, 10))).status).toBe(200);
    expect(await put(group(4, 10))).toMatchObject(refused(400, 'PostBodyTooLarge'));
    const large = group(1, 100_001);
    expect(await put(large)).toMatchObject(refused(400, 'PostBodyTooLarge'));
    const headers = { 'x-log-bodyrawsize': String(large.length), 'x-log-compresstype': 'lz4' };
    expect(await put(lz4Block(large), headers)).toMatchObject(refused(400, 'PostBodyTooLarge'));
    expect(await put(lz4Block(large), { ...headers, 'x-log-bodyrawsize': '100' })).toMatchObject(
      refused(400, 'PostBodyUncompressError'),
    );
  });

  it('in bytes per reply', async () => {
    const large = Buffer.from(
      encodeLogGroup({ topic: '', source: '', tags: {}, time: 1, logs: [{ value: 'x'.repeat(4_000_000) }] }),
    );
    for (let at = 0; at < 4; at += 1) expect((await put(large)).status).toBe(200);
    const { headers } = await pull(await cursor('begin'), '', 'lz4');
    expect(headers['x-log-count']).toBe('2');
  });
});

describe('PutLogs refuses', () => {
  const raw = { 'x-log-bodyrawsize': '58' };
  it.each<[string, Buffer, Record<string, string>, object]>([
    [
      'bytes that are no log group',
      Buffer.from('rubbish'),
      {},
      refused(400, 'PostBodyInvalid', 'Protobuffer content cannot be parsed.'),
    ],
    [
      'another content type',
      sampleGroup,
      { 'content-type': 'text/plain' },
      refused(415, 'InvalidContentType', 'Content-Type text/plain is unsupported.'),
    ],
    [
      'a body without content type',
      sampleGroup,
      { 'content-type': '' },
      refused(
        400,
        'MissingContentType',
        'Content-Type does not exist in http header when body is not empty.',
      ),
    ],
    [
      'an unknown compression',
      sampleGroup,
      { ...raw, 'x-log-compresstype': 'snappy' },
      refused(400, 'InvalidCompressType', 'x-log-compresstype snappy is unsupported.'),
    ],
    [
      'a compressed body without its size',
      lz4Block(sampleGroup),
      { 'x-log-bodyrawsize': '', 'x-log-compresstype': 'lz4' },
      refused(400, 'MissingBodyRawSize'),
    ],
    [
      'an invalid size',
      lz4Block(sampleGroup),
      { 'x-log-bodyrawsize': '-1', 'x-log-compresstype': 'lz4' },
      refused(400, 'InvalidBodyRawSize'),
    ],
    [
      'a body that does not decompress',
      sampleGroup,
      { ...raw, 'x-log-compresstype': 'lz4' },
      refused(400, 'PostBodyUncompressError', 'Failed to decompress logs.'),
    ],
  ])('%s', async (_what, body, headers, error) => {
    expect(await put(body, headers)).toMatchObject(error);
  });

  it('requests for unknown logs and with invalid parameters', async () => {
    const cases: [string, string, object][] = [
      [
        'GET',
        `${logstore}/shards/9?type=log&cursor=MQ==`,
        refused(400, 'ShardNotExist', 'Shard 9 does not exist'),
      ],
      ['GET', `${logstore}/shards/x?type=log&cursor=MQ==`, refused(400, 'ShardNotExist')],
      [
        'GET',
        '/logstores/none/shards/0?type=log',
        refused(404, 'LogStoreNotExist', 'logstore none does not exist'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=log&cursor=MTQ0NzM`,
        refused(400, 'ParameterInvalid', 'Invalid cursor MTQ0NzM.'),
      ],
      ['GET', `${logstore}/shards/0?type=log`, refused(400, 'ParameterInvalid', 'Invalid cursor .')],
      [
        'GET',
        `${logstore}/shards/0?type=log&cursor=MQ==`,
        refused(400, 'InvalidCursor', 'this cursor is invalid'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=cursor&from=then`,
        refused(400, 'ParameterInvalid', 'Parameter From is not valid'),
      ],
      [
        'GET',
        `${logstore}/shards/0?type=cursor`,
        refused(400, 'ParameterInvalid', 'Parameter From is not valid'),
      ],
      ['GET', `${logstore}/shards/0?type=other`, refused(400, 'ParameterInvalid')],
      ['POST', '/logstores/none/shards/lb', refused(415, 'InvalidContentType')],
    ];
    for (const [method, url, error] of cases)
      expect(await service.call(method, url), url).toMatchObject(error);
    const begin = await cursor('begin');
    for (const count of ['1001', '-1', 'x'])
      expect(await pull(begin, `&count=${count}`)).toMatchObject(
        refused(400, 'ParameterInvalid', 'ParameterCount should be in [0-1000]'),
      );
    expect(await pull(begin, '&query=*')).toMatchObject(refused(400, 'ParameterInvalid'));
    expect(await put(sampleGroup, {}, '/logstores/none/shards/lb')).toMatchObject(
      refused(404, 'LogStoreNotExist'),
    );
    const headers = {
      'content-type': 'application/x-protobuf',
      'x-log-bodyrawsize': String(sampleGroup.length),
    };
    const elsewhere = { host: 'other.cn-hangzhou.log.aliyuncs.com', headers };
    expect(await service.call('POST', `${logstore}/shards/lb`, sampleGroup, elsewhere)).toMatchObject(
      refused(404, 'ProjectNotExist', 'The Project does not exist: other'),
    );
  });
});
