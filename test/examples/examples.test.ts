/** Each program in `examples/` runs as its own process, against a server that it starts itself. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

const run = promisify(execFile);

/** Starting a process takes seconds while other tests run. */
const timeout = 120_000;

/** Runs an example and returns its lines. Rejects if it ends with another code than 0. */
async function linesOf(example: string, env: Record<string, string> = {}): Promise<string[]> {
  const { stdout } = await run(process.execPath, [`examples/${example}.ts`], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  return stdout.trimEnd().split('\n');
}

it('the SLS example shows an assignment, a hand-over and an expired consumer', { timeout }, async () => {
  expect(await linesOf('sls')).toEqual([
    'a holds []: owns [0,1,2,3]',
    'b holds []: owns []',
    'a holds [0,1,2,3]: owns [0,1]',
    'a holds [0,1]: owns [0,1]',
    expect.stringMatching(/^b holds \[\]: owns \[(?:2,3)?\]$/),
    expect.stringMatching(/^b holds \[(?:2,3)?\]: owns \[(?:2,3)?\]$/),
    expect.stringMatching(/^b holds \[(?:2,3)?\]: owns \[0,1,2,3\]$/),
    'a holds [0,1]: NotExistConsumerWithBody',
  ]);
});

it('the PBX example shows reports of a call and an expired token', { timeout }, async () => {
  expect(await linesOf('pbx')).toEqual([
    'login: Success',
    'heartbeat: Success',
    'reports: ALERT, RING, ExtensionStatus, ExtensionStatus, ANSWER, ANSWERED, ExtensionStatus, BYE, BYE, ExtensionStatus, ExtensionStatus, NewCdr',
    'heartbeat after 30 minutes: Failed, errno 20004',
    'login again: Success',
  ]);
});

const presenceLines = [
  'ann received: join ann, occupancy 1',
  'ann received: join bob, occupancy 2',
  'ann received: message from bob: {"text":"hello"}',
  'here now: ann, bob',
  'ann received: timeout bob, occupancy 1',
];

it('the Presence example shows joins, a message and a timeout', { timeout }, async () => {
  expect(await linesOf('presence')).toEqual(presenceLines);
});

it('an example runs against the server in HEARTBEATD_URL, and again against the same server', {
  timeout,
}, async () => {
  const started: StartedApp = await startApp();
  try {
    const env = { HEARTBEATD_URL: started.url };
    expect(await linesOf('presence', env)).toEqual(presenceLines);
    expect(await linesOf('presence', env)).toEqual(presenceLines);
  } finally {
    await started.close();
  }
});
