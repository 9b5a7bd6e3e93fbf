/** The vendor's Python client and command line, unmodified, on an ordinary day: provision, write, read, copy, clear. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasTool, installPython } from '../consumers/install.ts';
import { runClient, withServer } from './client.ts';

const endpoint = 'http://cn-hangzhou.log.aliyuncs.com';
const cliVersion = '0.2.10';
const server = withServer();
let python = '';
let home = '';

beforeAll(() => {
  python = installPython('0.9.47');
  if (!hasTool(python, '-c', 'import aliyunlogcli'))
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `aliyun-log-cli==${cliVersion}`]);
  home = mkdtempSync(join(tmpdir(), 'aliyunlog-'));
}, 300_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('the Python client provisions, writes, reads, copies and clears', async () => {
  const program = join(import.meta.dirname, 'python', 'everyday.py');
  const printed = await runClient(python, [program, endpoint, 'day-project', 'day-store'], {
    HTTP_PROXY: server.url,
  });
  expect(JSON.parse(printed)).toEqual({
    project: ['a day', 'ZRS', 'rg-1'],
    listed: ['day-project'],
    updated: 'ok',
    logstore: ['query', 30, { enable: true, encrypt_type: 'default' }, true, 30],
    changed: [61, 31],
    empty: true,
    behind: [true, true],
    lag: [true, true],
    pulled: ['value', 'topic', ['__tag__:__client_ip__', '__tag__:__receive_time__']],
    queries: Array.from({ length: 5 }, () => 'IndexConfigNotExist'),
    refused: ['ParameterInvalid', 'ParameterInvalid', 'MachineGroupNotExist'],
    lists: [0, 0, 0, 0, 0],
    copies: ['ok', 'ok', 'ok'],
    copied: ['day-store', 'day-store-copy'],
    shards: [
      [0, 'readonly'],
      [1, 'readwrite'],
      [2, 'readwrite'],
      [3, 'readwrite'],
    ],
    gone: 'ProjectNotExist',
  });
});

describe('the command line', () => {
  /** Runs a command; a refusal is printed as JSON, too. */
  const run = async (command: string, ...options: string[]): Promise<unknown> => {
    const account = ['--access-id=id', '--access-key=secret', `--region-endpoint=${endpoint}`];
    const cli = join(python, '..', 'aliyunlog');
    const printed = await runClient(cli, ['log', command, ...options, ...account], {
      HTTP_PROXY: server.url,
      HOME: home,
    }).catch((error: { stdout?: string }) => error.stdout ?? '');
    return printed.trim() === '' ? undefined : JSON.parse(printed);
  };
  const there = ['--project_name=cli', '--logstore_name=store'];
  const here = ['--project=cli', '--logstore=store'];
  const provision = async (shards: number): Promise<void> => {
    await run('create_project', '--project_name=cli', '--project_des=d');
    await run('create_logstore', ...there, '--ttl=30', `--shard_count=${shards}`);
  };
  afterEach(() => run('delete_project', '--project_name=cli'));

  it('does what an ordinary day needs', async () => {
    await provision(2);
    expect(await run('get_project', '--project_name=cli')).toMatchObject({ description: 'd' });
    expect(await run('list_project')).toMatchObject({ count: 1 });
    expect(await run('update_logstore', ...there, '--ttl=31')).toBeUndefined();
    expect(await run('get_logstore', ...there)).toMatchObject({ ttl: 31, mode: 'standard' });
    expect(await run('list_logstore', '--project_name=cli')).toMatchObject({ logstores: ['store'] });
    const half = `2${'0'.repeat(31)}`;
    expect(await run('split_shard', ...there, '--shardId=0', `--split_hash=${half}`)).toHaveLength(3);
    expect(await run('list_shards', ...there)).toHaveLength(4);
    expect(await run('get_begin_cursor', ...there, '--shard_id=1')).toEqual(
      await run('get_end_cursor', ...there, '--shard_id=1'),
    );
    expect(await run('get_previous_cursor_time', ...there, '--shard_id=1', '--cursor=MQ==')).toMatchObject({
      cursor_time: expect.any(Number),
    });
  });

  it('works with consumer groups, indexes, copies and dumps', async () => {
    await provision(4);
    expect(await run('create_consumer_group', ...here, '--consumer_group=g', '--timeout=60')).toBeUndefined();
    expect(await run('list_consumer_group', ...here)).toEqual([{ name: 'g', order: false, timeout: 60 }]);
    expect(await run('get_check_point_fixed', ...here, '--consumer_group=g')).toHaveLength(4);
    expect(await run('arrange_shard', ...here, '--count=4')).toBeUndefined();
    const missing = { errorCode: 'IndexConfigNotExist' };
    expect(await run('get_index_config', ...there)).toMatchObject(missing);
    expect(await run('get_log', ...here, '--from_time=1700000000', '--to_time=1700000100')).toMatchObject(
      missing,
    );
    expect(await run('list_machine_group', '--project_name=cli')).toMatchObject({ count: 0 });
    const copy = ['--from_project=cli', '--from_logstore=store', '--to_logstore=copied'];
    expect(await run('copy_logstore', ...copy)).toBeUndefined();
    const times = ['--from_time=2018-01-01 00:00:00+8:00', '--to_time=2038-01-01 00:00:00+8:00'];
    const file = `--file_path=${join(home, 'dump_{}.txt')}`;
    expect(await run('pull_log_dump', ...there, ...times, file)).toMatchObject({ total_count: 0 });
    expect(await run('delete_consumer_group', ...here, '--consumer_group=g')).toBeUndefined();
    expect(await run('delete_logstore', ...there)).toBeUndefined();
    expect(await run('delete_project', '--project_name=cli')).toBeUndefined();
    expect(await run('get_project', '--project_name=cli')).toMatchObject({ errorCode: 'ProjectNotExist' });
  });

  it('reads, copies and moves logs, and is refused what needs an index by name', async () => {
    await provision(2);
    const write = [
      'from aliyun.log import *',
      `client = LogClient("${endpoint}", "id", "secret")`,
      'items = [LogItem(contents=[("k", "v")]), LogItem(contents=[("k", "w")])]',
      'client.put_logs(PutLogsRequest("cli", "store", "topic", "source", items, hashKey="0" * 32))',
    ].join('\n');
    await runClient(python, ['-c', write], { HTTP_PROXY: server.url });

    const shard = '--shard_id=0';
    const { cursor } = (await run('get_cursor', ...there, shard, '--start_time=begin')) as { cursor: string };
    expect(await run('get_cursor_time', ...there, shard, `--cursor=${cursor}`)).toMatchObject({
      cursor_time: expect.any(Number),
    });
    const two = [{ k: 'v' }, { k: 'w' }];
    expect(await run('pull_logs', ...there, shard, `--cursor=${cursor}`)).toMatchObject({
      count: 2,
      logs: two,
    });
    expect(await run('pull_log', ...there, shard, '--from_time=begin', '--to_time=end')).toMatchObject({
      count: 2,
      logs: two,
    });
    await run('create_logstore', '--project_name=cli', '--logstore_name=moved', '--ttl=1', '--shard_count=1');
    const all = ['--from_time=begin', '--to_time=end'];
    expect(await run('copy_data', ...here, ...all, '--to_logstore=moved')).toMatchObject({ total_count: 2 });

    await run('create_consumer_group', ...here, '--consumer_group=g', '--timeout=60');
    const group = [...here, '--consumer_group=g'];
    expect(await run('update_consumer_group', ...group, '--timeout=70', '--in_order=true')).toBeUndefined();
    expect(await run('list_consumer_group', ...here)).toEqual([{ name: 'g', order: true, timeout: 70 }]);
    const save = [...group, '--shard=0', `--check_point=${cursor}`];
    expect(await run('update_check_point', ...save)).toBeUndefined();
    expect(await run('get_check_point', ...group, '--shard=0')).toMatchObject([{ checkpoint: cursor }]);
    expect(await run('merge_shard', ...there, '--shardId=0')).toHaveLength(3);

    const lists = ['list_logtail_config', 'list_dashboard', 'list_savedsearch', 'list_alert'];
    for (const list of lists) {
      const of = list === 'list_logtail_config' ? '--project_name=cli' : '--project=cli';
      expect(await run(list, of), list).toMatchObject({ count: 0, total: 0 });
    }
    const times = ['--from_time=1700000000', '--to_time=1700000100'];
    const query = JSON.stringify({ project: 'cli', logstore: 'store', fromTime: 1, toTime: 2 });
    for (const command of ['get_logs', 'get_histograms'])
      expect(await run(command, `--request=${query}`), command).toMatchObject({
        errorCode: 'IndexConfigNotExist',
      });
    expect(await run('get_log_all', ...here, ...times)).toMatchObject({ errorCode: 'IndexConfigNotExist' });
    expect(await run('delete_index', ...there)).toMatchObject({
      errorCode: 'ParameterInvalid',
      errorMessage: 'DeleteIndex is not supported',
    });
    expect(await run('copy_project', '--from_project=cli', '--to_project=cli-copy')).toBeUndefined();
    expect(await run('list_logstore', '--project_name=cli-copy')).toMatchObject({
      logstores: ['moved', 'store'],
    });
    await run('delete_project', '--project_name=cli-copy');
  });
});
