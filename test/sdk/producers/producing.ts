/**
 * What every producer of the vendor must live through here: shards are split and merged under it, and each log that it sent is
 * stored exactly once, at a shard whose range contains its hash key.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { call, logstore, project, setUp } from '../consumers/drill.ts';

export interface Producer {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const logs = 4_000;
/** Between changes of the shards, logs that the server accepts. */
const logsBetween = 300;

interface Shard {
  readonly shardID: number;
  readonly status: 'readwrite' | 'readonly';
  readonly inclusiveBeginKey: string;
  readonly exclusiveEndKey: string;
}

const shardsOf = async (url: string): Promise<readonly Shard[]> =>
  JSON.parse((await call(url, 'GET', `/logstores/${logstore}/shards`)).text) as Shard[];

/** Splits a shard twice, then merges two, in turn. */
async function reshape(url: string, turn: number): Promise<void> {
  const open = (await shardsOf(url))
    .filter(({ status }) => status === 'readwrite')
    .sort((a, b) => (a.inclusiveBeginKey < b.inclusiveBeginKey ? -1 : 1));
  const at = turn % Math.max(open.length - 1, 1);
  const change = turn % 3 === 2 ? 'action=merge' : 'action=split&shardCount=2';
  const { status, text } = await call(
    url,
    'POST',
    `/logstores/${logstore}/shards/${open[at]?.shardID}?${change}`,
  );
  expect(status, text).toBe(200);
}

interface Stored {
  readonly shard: number;
  readonly contents: { readonly value: string };
}

async function stored(url: string): Promise<readonly Stored[]> {
  const query = `project=${project}&logstore=${logstore}&limit=10000`;
  const reply = await fetch(`${url}/_heartbeatd/sls/logs?${query}`);
  const { isComplete, logs: found } = (await reply.json()) as { isComplete: boolean; logs: Stored[] };
  expect(isComplete).toBe(true);
  return found;
}

/** Runs a producer to its end. Kills it if the test fails. */
export async function produce(url: string, { file, args, env }: Producer): Promise<void> {
  await setUp(url, 2);
  const child: ChildProcess = spawn(file, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let sent = 0;
    let changes = 0;
    const lines = child.stdout === null ? [] : createInterface({ input: child.stdout });
    for await (const line of lines) {
      expect(line).toMatch(/^sent /);
      sent += 1;
      if (sent % logsBetween === 0) {
        await reshape(url, changes);
        changes += 1;
      }
    }
    expect(sent).toBe(logs);
    expect(changes).toBeGreaterThan(10);
  } finally {
    child.kill('SIGKILL');
  }

  const found = await stored(url);
  const values = found.map(({ contents }) => Number(contents.value)).sort((a, b) => a - b);
  expect(values).toEqual(Array.from({ length: logs }, (_, value) => value));
  const ranges = new Map((await shardsOf(url)).map((shard) => [shard.shardID, shard]));
  const misplaced = found.filter(({ shard, contents }) => {
    const value = Number(contents.value);
    return value % 2 === 1 && !contains(ranges.get(shard), value);
  });
  expect(misplaced).toEqual([]);
}

/** Whether a shard's range contains the hash key with which a log was sent: one digit of 16, and zeros. */
function contains(shard: Shard | undefined, value: number): boolean {
  const key = `${(Math.floor(value / 2) % 16).toString(16)}${'0'.repeat(31)}`;
  return shard !== undefined && shard.inclusiveBeginKey <= key && key < shard.exclusiveEndKey;
}
