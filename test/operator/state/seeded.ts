/** What the tests of state share: a seed, a server that a test starts, a folder, and the uuids of a channel. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { StateDocument } from '../../../src/index.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';

export const tenant = 'presence/demo';
export const seed: StateDocument = {
  tenants: {
    [tenant]: {
      leases: { lobby: { alice: { ttl: '5m', data: { mood: 'ü' } } } },
      documents: { notes: { a: { value: { b: [1, null] } }, z: { text: 'no JSON', remaining: 90_000 } } },
    },
  },
};

/** Returns the message that a step is refused with. */
export const refusal = (step: Promise<unknown>): Promise<string> =>
  step.then(
    () => 'none',
    (error: Error) => error.message,
  );

/** Registers the hooks that make a folder for each test of the file and close its server, and returns how a test starts it. */
export function stateFixture() {
  let hb: StartedHeartbeatd;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-state-'));
  });
  afterEach(async () => {
    await hb?.close();
    rmSync(folder, { recursive: true });
  });

  const start = async (options: Parameters<typeof startHeartbeatd>[0] = {}): Promise<void> => {
    hb = await startHeartbeatd(options);
    await hb.store.freezeClock();
  };
  const presence = async (
    path: string,
  ): Promise<{ readonly uuids?: readonly string[]; readonly t?: unknown }> =>
    (await fetch(`${hb.url}${path}`)).json() as never;
  const enter = (uuid: string, channel = 'lobby') =>
    presence(`/v2/presence/sub-key/demo/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300`);
  const uuids = async (channel = 'lobby'): Promise<readonly string[]> => [
    ...((await presence(`/v2/presence/sub-key/demo/channel/${channel}`)).uuids ?? []),
  ];

  return {
    get hb() {
      return hb;
    },
    get folder() {
      return folder;
    },
    start,
    presence,
    enter,
    uuids,
  };
}
