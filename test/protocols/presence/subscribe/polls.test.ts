import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { makePolls } from '../../../../src/protocols/presence/subscribe/polls.ts';
import type { ClientConnection } from '../../../../src/protocols/presence/wire/call.ts';

it('a poll knows how long it was held, in all, and counts as held only meanwhile', async () => {
  let nowMs = 1_000;
  const polls = makePolls(() => nowMs);
  const poll = polls.start(60_000, new EventEmitter() as unknown as ClientConnection, 'presence/demo');
  for (const ms of [200, 300]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = poll.idle(promise);
    expect(polls.held).toBe(1);
    nowMs += ms;
    resolve('message');
    expect(await waiting).toBe('message');
  }
  expect([poll.heldMs, polls.held]).toEqual([500, 0]);
  poll.finish();
});

it('a wait that fails is over, too', async () => {
  const polls = makePolls();
  const poll = polls.start(60_000, new EventEmitter() as unknown as ClientConnection, 'presence/demo');
  await expect(poll.idle(Promise.reject(new Error('store away')))).rejects.toThrow('store away');
  expect(polls.held).toBe(0);
  poll.finish();
});
