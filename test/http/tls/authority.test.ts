/** The authority that the server makes for itself, and the hosts that it stands in for. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from '../../../src/http/tls/authority.ts';
import { authorityFolder } from '../../../src/http/tls/folder.ts';
import { makeIsEmulated } from '../../../src/http/tls/hosts.ts';
import { SettingError } from '../../../src/settings/setting.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the authority', () => {
  it('is created once, with a key that only its owner reads', async () => {
    const home = join(folder, 'a', 'tls');
    const [one, two] = await Promise.all([openAuthority(home, Date.now()), openAuthority(home, Date.now())]);
    expect(two.cert).toBe(one.cert);
    expect((await openAuthority(home, Date.now())).cert).toBe(one.cert);
    expect(readdirSync(join(folder, 'a'))).toEqual(['tls']);
    expect(statSync(join(home, 'ca-key.pem')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a folder that cannot be made', () => writeFileSync(join(folder, 'x'), ''), 'x/tls', 'cannot be used'],
    ['a missing key', () => writeFileSync(join(folder, 'ca.pem'), ''), '', 'a file is missing'],
  ])('%s is an error that names the setting', async (_, prepare, name, text) => {
    prepare();
    const opening = openAuthority(join(folder, name), Date.now());
    await expect(opening).rejects.toThrow(SettingError);
    await expect(opening).rejects.toThrow(`TLS_FOLDER: `);
    await expect(opening).rejects.toThrow(text);
  });

  it.each([
    [{ XDG_DATA_HOME: '/data' }, '', '/data/heartbeatd/tls'],
    [{ XDG_DATA_HOME: '/data' }, '/own', '/own'],
    [{}, '', expect.stringMatching(/\/\.local\/share\/heartbeatd\/tls$/)],
  ])('with %j and "%s" is in %s', (env, tlsFolder, expected) => {
    expect(authorityFolder(tlsFolder, env)).toEqual(expected);
  });
});

it.each([
  ['demo.cn-hangzhou.log.aliyuncs.com', true],
  ['CN-hangzhou.log.aliyuncs.com.', true],
  ['log.aliyuncs.com', false],
  ['my-project.sls.local', true],
  ['evil-sls.local', false],
  ['', false],
])('stands in for %s: %s', (host, expected) => {
  expect(makeIsEmulated(['*.log.aliyuncs.com', 'sls.local'])(host)).toBe(expected);
});
