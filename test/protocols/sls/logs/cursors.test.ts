/** Cursors and their times: at the end of a shard, after a deletion, and with a wall clock that goes back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../../src/protocols/sls/logs/cursor.ts';
import { group, logstore, refused, type Service, setUp, startMs, startService } from '../service.ts';
import { logClient, step } from './log-client.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 1 });
});
afterEach(() => service.close());

const { putText, cursor, pull } = logClient(() => service);
const seconds = startMs / 1_000;
const timeOf = async (text: string, shard = 0) =>
  service.call('GET', `${logstore}/shards/${shard}?type=cursor_time&cursor=${encodeURIComponent(text)}`);

describe('the time of a cursor', () => {
  it('of an empty shard is now', async () => {
    await service.pass(5);
    expect((await timeOf(await cursor('begin'))).json).toEqual({ cursor_time: seconds + 5 });
  });

  it('at the end of a shard that takes logs is now, and of a read-only one that of its last log group', async () => {
    await putText('a');
    await service.pass(7);
    const end = await cursor('end');
    expect((await timeOf(end)).json).toEqual({ cursor_time: seconds + 7 });
    await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`);
    expect((await timeOf(end)).json).toEqual({ cursor_time: seconds });
  });

  it('before the end is when the log group was received', async () => {
    await putText('a');
    await service.pass(7);
    // What the Python client asks for: the cursor before the one at which a consumer is.
    expect((await timeOf(step(await cursor('end'), -1))).json).toEqual({ cursor_time: seconds });
    expect(await timeOf(step(await cursor('begin'), -1))).toMatchObject(refused(400, 'InvalidCursor'));
  });
});

describe('a line break after a cursor', () => {
  it('is ignored in every call that takes a cursor', async () => {
    await putText('a');
    const begin = `${await cursor('begin')}\n`;
    expect((await timeOf(begin)).json).toEqual({ cursor_time: seconds });
    expect((await pull(begin)).headers['x-log-count']).toBe('1');
    expect((await pull(begin, `&end_cursor=${encodeURIComponent(begin)}`)).headers['x-log-count']).toBe('0');
    const saved = { shard: 0, checkpoint: begin };
    expect((await service.call('POST', `${group}?type=checkpoint&forceSuccess=true`, saved)).status).toBe(
      200,
    );
    expect((await service.call('GET', `${group}?shard=0`)).json).toMatchObject([
      { checkpoint: begin.trim() },
    ]);
  });
});

describe('cursors of a deleted logstore', () => {
  it.each(['logstore', 'project'])(
    'are invalid if the %s is created again within the same second',
    async (what) => {
      const olds: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        await putText('a');
        for (const old of olds) expect(await pull(old)).toMatchObject(refused(400, 'InvalidCursor'));
        olds.push(await cursor('begin'), await cursor('end'));
        await service.call('DELETE', what === 'project' ? '/' : logstore);
        await setUp(service, { shardCount: 1 });
      }
      expect(new Set(olds).size).toBe(olds.length);
    },
  );

  it('begin with the second in which their shard was created', async () => {
    expect(String(decodeCursor(await cursor('begin'))).slice(0, 10)).toBe(String(seconds));
    await service.pass(9);
    await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`);
    expect(String(decodeCursor(await cursor('begin', 1))).slice(0, 10)).toBe(String(seconds + 9));
    const { json } = await service.call('GET', `${logstore}/shards`);
    expect(Object.keys((json as object[])[0] ?? {})).not.toContain('origin');
  });
});

describe('a wall clock that was set back', () => {
  it('does not hide log groups from a search by time', async () => {
    const begin = await cursor('begin');
    await putText('a');
    await service.pass(100);
    await putText('b');
    service.setWallClock(seconds - 1_000);
    await putText('c');
    const at = async (from: number) =>
      Number((decodeCursor(await cursor(from)) ?? 0n) - (decodeCursor(begin) ?? 0n));
    expect(await Promise.all([0, 1, 100, 101].map((after) => at(seconds + after)))).toEqual([0, 1, 1, 3]);
    expect((await timeOf(step(begin, 2))).json).toEqual({ cursor_time: seconds + 100 });
  });
});

it('text that is no cursor is refused with ParameterInvalid', async () => {
  for (const text of ['', '\n', 'x', encodeCursor(1n).slice(1)])
    expect(await timeOf(text)).toMatchObject(refused(400, 'ParameterInvalid'));
});
