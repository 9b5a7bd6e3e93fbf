/** The package: packed from what a fresh clone holds, installed in an empty folder, used as its users use it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyClone, installOptions, pack, packClone, run } from './packing.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  engines: { node: string };
};
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-package-'));
const user = join(folder, 'user');

let packed: string[];

beforeAll(() => {
  const { filename, files } = packClone(folder);
  packed = files.map(({ path }) => path);
  mkdirSync(user);
  run(user, 'npm', 'init', '--yes');
  run(user, 'npm', 'install', ...installOptions, join(folder, filename));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('holds the compiled server with its Redis scripts, and no sources or tests', () => {
  expect(packed).toEqual(
    expect.arrayContaining(['dist/bin.cjs', 'dist/index.js', 'dist/index.d.ts', 'LICENSE']),
  );
  expect(packed.filter((path) => path.endsWith('.lua'))).not.toEqual([]);
  expect(packed.filter((path) => !/^(?:dist\/|package\.json$|[A-Z]+(?:\.md)?$)/.test(path))).toEqual([]);
});

it('prints its version with npx', () => {
  expect(run(user, 'npx', 'heartbeatd', '--version')).toBe(`${manifest.version}\n`);
});

/** Starts the server, sends a heartbeat, and stops it. */
async function serveOne(node: string, args: readonly string[]): Promise<void> {
  const bin = join(user, 'node_modules', 'heartbeatd', 'dist', 'bin.cjs');
  const child = spawn(node, [bin, '--port', '0', ...args], {
    cwd: user,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    let printed = '';
    let url: string | undefined;
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      printed += String(chunk);
      url = /"url":"(http:[^"]+)".*"msg":"listening"/.exec(printed)?.[1];
      if (url !== undefined) break;
    }
    child.stdout.resume();
    const reply = await fetch(`${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann`);
    expect(await reply.json()).toMatchObject({ status: 200, message: 'OK' });
    expect(await modulesOfPage(new URL('/_heartbeatd/', url))).toContain(
      '/_heartbeatd/console/vendor/preact.js',
    );
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Loads the console as a browser does, module by module. Returns the paths of all; rejects for one that is not served. */
async function modulesOfPage(start: URL): Promise<string[]> {
  const seen = new Set<string>();
  for (const open = [start]; open.length > 0; ) {
    const url = open.pop() ?? start;
    if (seen.has(url.pathname)) continue;
    seen.add(url.pathname);
    const reply = await fetch(url, { headers: { accept: 'text/html,*/*' } });
    if (!reply.ok) throw new Error(`${url.pathname}: ${reply.status}`);
    // Comments name types, which are not loaded.
    const text = (await reply.text()).replace(/\/\*[\s\S]*?\*\//g, '');
    const names = text.matchAll(
      /(?:from\s*|import\s*|src=|href=)["'](\.{1,2}\/[^"']+|\/_heartbeatd\/console\/[^"']+)["']/g,
    );
    for (const [, name = ''] of names) open.push(new URL(name, url));
  }
  return [...seen];
}

it('serves heartbeats and the console', () => serveOne(process.execPath, []));

/** Beside the one that the tests run on; the package `node` holds the program. */
const otherReleases = ['22', '26'];

it.each(otherReleases)(
  'serves heartbeats, in memory and on a file, on Node.js %s',
  async (release) => {
    const home = join(folder, `node-${release}`);
    mkdirSync(home);
    run(home, 'npm', 'install', ...installOptions, '--no-save', '--foreground-scripts', `node@${release}`);
    const node = join(home, 'node_modules', 'node', 'bin', 'node');
    for (const store of [[], ['--data', join(home, 'leases.db')]]) await serveOne(node, store);
  },
  120_000,
);

it('is imported by a TypeScript program, which serves the app itself', () => {
  const program = `
    import { buildApp, type Config, defaultConfig, openStore, type Store } from 'heartbeatd';
    import { type Heartbeatd, connect } from 'heartbeatd/client';
    connect satisfies (url: string) => Heartbeatd;
    const config: Config = defaultConfig();
    // @ts-expect-error: the settings are typed.
    config.port satisfies string;
    const store: Store = await openStore(config);
    const app = await buildApp({ config, store });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const reply = await fetch(url + '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
    const groups: readonly string[] = await store.groupsOf({ tenant: 'presence/demo', holder: 'ann' });
    console.log(reply.status, JSON.stringify(groups));
    await app.close();
    await store.close();`;
  writeFileSync(join(user, 'program.mts'), program);
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--lib', 'es2024,dom'];
  const compiler = resolve('node_modules', '.bin', 'tsc');
  const checked = spawnSync(compiler, [...options, 'program.mts'], { cwd: user, encoding: 'utf8' });
  expect(checked).toMatchObject({ stdout: '', status: 0 });
  expect(run(user, process.execPath, 'program.mts')).toBe('200 ["lobby"]\n');
});

it('is driven by its client on every Node.js that has fetch', () => {
  writeFileSync(
    join(user, 'client.mjs'),
    `import { connect } from 'heartbeatd/client';
     await connect('http://127.0.0.1:9').clock.read().catch(({ name }) => console.log(name));`,
  );
  for (const node of nodesOnPath()) expect(run(user, node, 'client.mjs')).toBe('OperatorError\n');
});

it('is built as a git dependency, too', () => {
  const repository = join(folder, 'repository');
  copyClone(repository);
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  run(repository, 'git', 'init', '--quiet');
  run(repository, 'git', 'add', '.');
  run(repository, 'git', ...author, 'commit', '--quiet', '--message', 'all');
  const url = `git+${pathToFileURL(repository)}`;
  const { files } = pack(user, '--dry-run', '--prefer-offline', '--no-audit', url);
  expect(files.map(({ path }) => path).sort()).toEqual([...packed].sort());
}, 300_000);

/** Every Node.js on the PATH, this one first: npm puts the project's before the machine's own. */
function nodesOnPath(): string[] {
  const name = basename(process.execPath);
  const found = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name));
  return [...new Set([process.execPath, ...found.filter(existsSync)].map((path) => realpathSync(path)))];
}

it.each(nodesOnPath())(
  'prints its version on %s, and serves there or says which Node.js is needed',
  (node) => {
    const bin = join(user, 'node_modules', 'heartbeatd', 'dist', 'bin.cjs');
    expect(run(user, node, bin, '--version')).toBe(`${manifest.version}\n`);
    const { status, stdout, stderr } = spawnSync(node, [bin, '--help'], { cwd: user, encoding: 'utf8' });
    if (status === 0) {
      expect(stdout).toContain('Usage: heartbeatd');
    } else {
      const minimum = manifest.engines.node.replace('>=', '');
      expect(stderr).toMatch(
        new RegExp(
          `^heartbeatd: Node\\.js [\\d.]+ \\(.*\\) is too old; install Node\\.js ${minimum} or later\\n$`,
        ),
      );
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    }
  },
);
