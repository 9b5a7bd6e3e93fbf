/** The tests in `examples/tests`, in a project that installed the package from its tarball, beside each test runner. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installOptions, packClone, run } from './packing.ts';

const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  devDependencies: Record<string, string>;
};
const dependencies = [
  '@alicloud/log',
  '@alicloud/sls20201230',
  '@types/node',
  'pubnub',
  'testcontainers',
  'vitest',
];
/** Installed here only: the rest of the project has no use for it. */
const jest = 'jest@^30.5.2';

const containerProgram = `
  import { HeartbeatdContainer, type StartedHeartbeatdContainer } from 'heartbeatd/testcontainers';
  const container = new HeartbeatdContainer('heartbeatd:latest').withSettings({ slsAutoCreate: true });
  container.start satisfies () => Promise<StartedHeartbeatdContainer>;
  // @ts-expect-error: the settings are typed.
  container.withSettings({ slsAutoCreate: 'yes' });
  console.log(typeof container.withSeed({ tenants: {} }).start);`;

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-examples-'));
const project = join(folder, 'project');

beforeAll(() => {
  const { filename } = packClone(folder);
  cpSync('examples/tests', project, { recursive: true });
  rmSync(join(project, 'tsconfig.json'));
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(project, 'container.mts'), containerProgram);
  const others = dependencies.map((name) => `${name}@${devDependencies[name]}`);
  run(project, 'npm', 'install', ...installOptions, join(folder, filename), jest, ...others);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program of the project; returns its exit code and all it printed. */
function runNode(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    encoding: 'utf8',
    // Runners that find themselves inside Vitest print and do other things.
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...env },
  });
  return { status, printed: `${stdout}${stderr}` };
}

const timeout = 240_000;

it('its tests pass with Vitest', { timeout }, () => {
  const { status, printed } = runNode(['node_modules/vitest/vitest.mjs', 'run', 'vitest.test.ts']);
  expect(printed).toMatch(/Tests +4 passed/);
  expect(status).toBe(0);
});

it('its tests pass with node:test', { timeout }, () => {
  const { status, printed } = runNode(['--test', '--test-reporter=tap', 'node.test.ts']);
  expect(printed).toContain('# pass 4\n');
  expect(status).toBe(0);
});

it('its tests pass with Jest, in CommonJS, and leave nothing running', { timeout }, () => {
  const { status, printed } = runNode(['node_modules/jest/bin/jest.js', '--testMatch', '**/*.test.cjs'], {
    NODE_OPTIONS: '--experimental-vm-modules',
  });
  expect(printed).toMatch(/Tests: +4 passed/);
  // Jest prints this while something, such as a timer of a client, keeps its process running.
  expect(printed).not.toContain('did not exit');
  expect(status).toBe(0);
});

it('its module for testcontainers is loaded beside that package', () => {
  expect(runNode(['container.mts'])).toEqual({ status: 0, printed: 'function\n' });
});

it('a CommonJS program requires it', () => {
  writeFileSync(
    join(project, 'program.cjs'),
    `const { startHeartbeatd } = require('heartbeatd');
     const { connect } = require('heartbeatd/client');
     startHeartbeatd().then(async (hb) => {
       console.log((await connect(hb.url).clock.read()).frozen);
       await hb.close();
     });`,
  );
  expect(runNode(['program.cjs'])).toEqual({ status: 0, printed: 'false\n' });
});

it.each([
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
])('its types hold with module %s and module resolution %s', (module, moduleResolution) => {
  const strict = ['--strict', '--noEmit', '--skipLibCheck', '--allowJs', '--checkJs'];
  const target = ['--target', 'es2024', '--lib', 'es2024,dom', '--types', 'node'];
  const resolution = ['--module', module, '--moduleResolution', moduleResolution];
  const compiler = resolve('node_modules', 'typescript', 'bin', 'tsc');
  const files = ['vitest.test.ts', 'node.test.ts', 'clients.js', 'container.mts'];
  expect(runNode([compiler, ...strict, ...target, ...resolution, ...files])).toEqual({
    status: 0,
    printed: '',
  });
});

it('its declarations hold by themselves, for ES modules and CommonJS', () => {
  mkdirSync(join(project, 'declarations'));
  const program = `
    import { startHeartbeatd } from 'heartbeatd';
    import { connect } from 'heartbeatd/client';
    void startHeartbeatd;
    void connect;`;
  for (const extension of ['mts', 'cts'])
    writeFileSync(join(project, 'declarations', `program.${extension}`), program);
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  const lib = ['--lib', 'es2024,dom,esnext.disposable'];
  const compiler = resolve('node_modules', 'typescript', 'bin', 'tsc');
  const files = ['declarations/program.mts', 'declarations/program.cts'];
  expect(runNode([compiler, ...options, ...lib, ...files])).toEqual({ status: 0, printed: '' });
});
