/** The command line: help, misspelt names, exit codes, completion. */
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { hb, run, useServer } from './server.ts';

useServer();

describe('the command line', () => {
  it('lists every command, and explains each with its flags', async () => {
    const { code, out } = await run(['help']);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(`\n  ${name}`);
    expect((await run(['leases', '--help'])).out).toContain('--watch');
    expect((await run(['help', 'clock'])).out).toContain('advance <duration>');
  });

  it('names the nearest of an unknown command or flag, and exits with 2', async () => {
    expect(await run(['lease'])).toEqual({
      code: 2,
      out: '',
      err: 'heartbeatd: unknown name "lease"; did you mean "leases"?\n',
    });
    expect((await run(['verfy'])).err).toContain('did you mean "verify"');
    expect((await run(['LEASES'])).err).toContain('did you mean "leases"');
    expect(await run(['leases', '--protcol', 'pbx'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean "--protocol"'),
    });
  });

  it('exits with 1 and one line where no server is', async () => {
    const { code, err } = await run(['leases', '--url', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    expect(err).toMatch(/^heartbeatd: http:\/\/127\.0\.0\.1:9 cannot be reached: .*\n$/);
  });

  it('exits with 2 for what is no URL', async () => {
    expect(await run(['leases', '--url', 'localhost:8080'])).toMatchObject({ code: 2, out: '' });
  });
});

it('readyz says whether the server is ready', async () => {
  expect(await run(['readyz', '--wait', '10s'])).toMatchObject({ code: 0, out: `${hb.url} is ready\n` });
  expect(await run(['readyz', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 1 });
  expect(await run(['readyz', '--wait', 'long'])).toMatchObject({ code: 2 });
});

it('points to the list instead of naming something unrelated', async () => {
  expect((await run(['nosuch'])).err).toBe(
    'heartbeatd: unknown name "nosuch"; heartbeatd help lists the commands\n',
  );
  expect((await run(['leases', '--xyz'])).err).toBe(
    'heartbeatd: leases: unknown name "--xyz"; heartbeatd leases --help lists its flags\n',
  );
  expect((await run(['api', 'nosuch'])).err).toBe(
    'heartbeatd: api: unknown name "nosuch"; heartbeatd api lists them\n',
  );
});

it.each(['bash', 'zsh', 'fish'])(
  'completion prints a script for %s that knows every command',
  async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name);
  },
);

it('hash-password reads a password from standard input', async () => {
  expect((await run(['hash-password'], 'pass\n')).out).toMatch(/^scrypt:[0-9a-f]{32}:[0-9a-f]{64}\n$/);
  expect(await run(['hash-password'])).toMatchObject({ code: 2 });
});
