import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** Runs the command in a Node.js that says it is of `nodeVersion`. */
function run(nodeVersion: string, args: readonly string[]) {
  const versions = JSON.stringify({ ...process.versions, node: nodeVersion });
  const preload = `Object.defineProperty(process, 'versions', { value: ${versions} })`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, 'src/bin.cts', ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

describe('the command', () => {
  it('finds a lowest version in engines, the only form that it reads', () => {
    expect(manifest.engines.node).toMatch(/^>=\d+(\.\d+){0,2}$/);
  });

  it.each(['4.9.1', '20.20.2', '22.18.0'])('prints the version on Node.js %s', (old) => {
    for (const flag of ['--version', '-v'])
      expect(run(old, [flag])).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it.each(['4.9.1', '20.20.2', '22.18.0'])(
    'refuses Node.js %s in one line that says which is needed',
    (old) => {
      const minimum = manifest.engines.node.replace('>=', '');
      for (const args of [[], ['--help'], ['--port', '0']]) {
        expect(run(old, args)).toEqual({
          status: 1,
          stdout: '',
          stderr: `heartbeatd: Node.js ${old} (${process.execPath}) is too old; install Node.js ${minimum} or later\n`,
        });
      }
    },
  );

  it.each(['22.19.0', '24.0.0', '26.1.0', '100.0.0-pre'])('starts on Node.js %s', (current) => {
    const { status, stdout, stderr } = run(current, ['--help']);
    expect(stderr).toBe('');
    expect(stdout).toContain(`heartbeatd ${manifest.version}: `);
    expect(status).toBe(0);
  });
});
