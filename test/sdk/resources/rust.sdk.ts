/** The vendor's Rust client, unmodified, provisions here. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { cache } from '../consumers/install.ts';
import { runClient, withServer } from './client.ts';

const home = join(cache, 'rust');
const server = withServer();
const minutes = 15;

beforeAll(() => {
  mkdirSync(home, { recursive: true });
  cpSync(join(import.meta.dirname, 'rust'), home, { recursive: true });
  execFileSync('cargo', ['build', '-q'], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] });
}, minutes * 60_000);

it('the Rust client creates, reads and lists projects and logstores', async () => {
  const endpoint = 'http://cn-hangzhou.log.aliyuncs.com';
  const printed = await runClient(
    join(home, 'target', 'debug', 'resources'),
    [endpoint, 'rust-project', 'rust-store'],
    {
      http_proxy: server.url,
    },
  );
  expect(printed.trim().split('\n')).toEqual([
    'project rust-project of rust LRS',
    'listed rust-project LRS',
    'logstore query 7 Some(7)',
    'logstores rust-store',
    'shards 2',
    'cursor true',
    'index true',
  ]);
});
