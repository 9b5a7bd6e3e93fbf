import { expect, it } from 'vitest';
import { type ActorClient, eachClient } from '../../../src/operator/actors/client.ts';
import type { SimulatedClient } from '../../../src/protocols/kit/actors/actor-kit.ts';

const clientNamed = (name: string): ActorClient => ({
  ...{ name, beats: 0, lost: 0, problem: undefined, nextMs: 0, turning: undefined, isLate: false },
  // None of these clients is asked to do anything.
  played: {} as SimulatedClient,
});

it('replies are read while a thousand clients begin their requests, and each begins one', async () => {
  const clients = Array.from({ length: 1_000 }, (_, at) => clientNamed(`c${at}`));
  const begun: string[] = [];
  let begunBeforeReply = 0;
  setImmediate(() => {
    begunBeforeReply = begun.length;
  });
  await eachClient(clients, async ({ name }) => {
    begun.push(name);
  });
  expect(begunBeforeReply).toBeLessThan(200);
  expect(begun).toEqual(clients.map(({ name }) => name));
});
