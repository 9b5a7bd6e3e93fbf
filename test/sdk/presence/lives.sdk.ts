/** The vendor's SDKs for Java, Kotlin and Go, unmodified: two users of each live their whole life. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';
import { buildGo, buildJava, buildKotlin, folder, hasTool } from '../consumers/install.ts';

const sources = import.meta.dirname;
const hasJava = hasTool('javac', '-version') && hasTool('mvn', '-version');
const hasGo = hasTool('go', 'version');

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

/** What the users of every SDK receive and read. */
const life = (spell: (state: string, names: readonly string[]) => readonly [string, string]): string[] => [
  'join ann on room 1',
  'join ann on x 1',
  'join ann on y 1',
  'join bob on room 2',
  'state-change bob on room 2 {"mood":"ök"}',
  ...spell('{"mood":"ök"}', ['ann', 'bob']),
];

async function outputOf(file: string, ...args: string[]): Promise<string[]> {
  const origin = new URL(started.url).host;
  const { stdout } = await promisify(execFile)(file, [...args, origin], { timeout: 120_000 });
  return stdout.trimEnd().split('\n');
}

describe('two users receive their own joins, each other, state, messages and groups', () => {
  it.skipIf(!hasJava)('with the SDKs for Java and Kotlin (pubnub-gson 13.1.1)', async () => {
    const home = folder('presence-jvm');
    const classPath = buildJava(join(sources, 'jvm'), { home, programs: ['JavaLife'] });
    buildKotlin(join(sources, 'jvm'), { home, file: 'KotlinLife.kt' });
    const encoding = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];
    const expected = [
      'group [x, y]',
      ...life((state) => [`state {room=${state}}`, 'here 2 [ann, bob]']),
      'where [room, x, y]',
      'room "hällo" bob greeting',
      'x [1,2] bob null',
      'leave bob on room 1 {"mood":"ök"}',
      'time 17',
      'groups []',
      'history 501',
    ];
    expect(await outputOf('java', ...encoding, '-cp', classPath, 'JavaLife')).toEqual(expected);
    await started.close();
    started = await startApp();
    expect(await outputOf('java', ...encoding, '-cp', classPath, 'KotlinLifeKt')).toEqual(expected);
  });

  it.skipIf(!hasGo)('with the SDK for Go (7.4.0)', async () => {
    const file = buildGo(join(sources, 'go'), { home: folder('presence-go'), program: 'life' });
    expect(await outputOf(file)).toEqual([
      'group [x y]',
      ...life((state) => [`state {"room":${state}}`, 'here 2 [ann bob]']),
      'where [room x y]',
      'leave bob on room 1 {"mood":"ök"}',
      'room "hällo" bob',
      'x [1,2] bob',
      'time 17',
      'history 501 true',
    ]);
  });
});
