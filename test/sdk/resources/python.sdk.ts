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
    changed: [60, 31],
    empty: true,
    behind: [true, true],
    lag: [true, true],
    pulled: ['value', 'topic', ['__tag__:__client_ip__', '__tag__:__receive_time__']],
    queries: Array.from({ length: 5 }, () => 'IndexConfigNotExist'),
    refused: Array.from({ length: 3 }, () => 'ParameterInvalid'),
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
});
