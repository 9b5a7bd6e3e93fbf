import { describe, expect, it } from 'vitest';
import { defaultConfig, readConfig } from '../src/config.ts';
import { SettingError } from '../src/settings/setting.ts';

describe('settings', () => {
  it('have defaults', () => {
    expect(readConfig([], {})).toEqual(defaultConfig());
    expect(defaultConfig()).toMatchObject({
      host: '127.0.0.1',
      port: 8_080,
      redisUrl: '',
      slsAutoCreate: false,
    });
  });

  it('come from flags, then from the environment', () => {
    expect(readConfig(['--port', '1'], { PORT: '2', HOST: '0.0.0.0' })).toMatchObject({
      port: 1,
      host: '0.0.0.0',
    });
    expect(readConfig(['--sls-auto-create'], {})).toMatchObject({ slsAutoCreate: true });
    expect(readConfig(['--no-sls-auto-create'], { SLS_AUTO_CREATE: 'true' })).toMatchObject({
      slsAutoCreate: false,
    });
    expect(readConfig(['--sls-base-domains=a.b, c.d'], {}).slsBaseDomains).toEqual(['a.b', 'c.d']);
  });

  it('that are empty in the environment are not set', () => {
    expect(readConfig([], { PORT: '', SLS_AUTO_CREATE: '' })).toEqual(defaultConfig());
  });

  it.each([
    [['--port', 'x'], {}, '--port: "x" is not a whole number from 0 to 65535'],
    [[], { PORT: '70000' }, 'PORT: "70000" is not a whole number from 0 to 65535'],
    [[], { LOG_LEVEL: 'loud' }, 'LOG_LEVEL: "loud" is not one of'],
    [[], { SLS_AUTO_CREATE: 'maybe' }, 'SLS_AUTO_CREATE: "maybe" is not true or false'],
    [['--operator-token', 'secret\n'], {}, 'OPERATOR_TOKEN: has characters that a header cannot carry'],
    [[], { OPERATOR_TOKEN: ' secret' }, 'OPERATOR_TOKEN: has characters that a header cannot carry'],
    [
      ['--operator-hosts', 'http://box:8080'],
      {},
      '--operator-hosts: "http://box:8080" is not a list of host names without scheme and port',
    ],
    [[], { OPERATOR_HOSTS: 'box:8080' }, 'OPERATOR_HOSTS: "box:8080" is not a list of host names'],
    [[], { OPERATOR_HOSTS: '*' }, 'OPERATOR_HOSTS: "*" is not a list of host names'],
    [[], { OPERATOR_ORIGINS: 'box.example' }, 'OPERATOR_ORIGINS: "box.example" is not a list of origins'],
    [
      [],
      { OPERATOR_ORIGINS: 'https://box.example/path' },
      'OPERATOR_ORIGINS: "https://box.example/path" is not',
    ],
    [['--host='], {}, 'HOST: no address'],
    [['--port', '-1'], {}, "Option '--port' argument is ambiguous"],
    [['--prot', '1'], {}, 'Unknown option \'--prot\'; did you mean "--port"?'],
    [['--zzz', '1'], {}, "Unknown option '--zzz'; heartbeatd --help lists the flags"],
    [['extra'], {}, "Unexpected argument 'extra'"],
    [['-p', 'x'], {}, '--port: "x" is not a whole number from 0 to 65535'],
    [[], { TLS_CERT: 'a.pem' }, 'TLS_KEY: missing, but TLS_CERT is set'],
    [[], { TLS_KEY: 'a.pem' }, 'TLS_CERT: missing, but TLS_KEY is set'],
    [[], { TLS_CA: 'a.pem' }, 'TLS_CA: needs TLS_CERT and TLS_KEY'],
    [
      ['--tls', 'auto'],
      { TLS_CERT: 'a.pem', TLS_KEY: 'b.pem' },
      'TLS: "auto" cannot be combined with TLS_CERT',
    ],
    [[], { OPERATOR_TOKEN_FILE: '/nowhere/at/all' }, 'OPERATOR_TOKEN_FILE: ENOENT'],
    [['--sls-auth', 'verify'], {}, 'SLS_AUTH: "verify" needs the access keys in SLS_KEYS'],
    // Not the value: it holds secrets.
    [[], { SLS_AUTH: 'verify', SLS_KEYS: 'id' }, 'SLS_KEYS: the value is not a list of "id:secret"'],
    [[], { PRESENCE_AUTH: 'verify' }, 'PRESENCE_AUTH: "verify" needs the keysets in PRESENCE_KEYS'],
    [
      [],
      { PRESENCE_KEYS: 's:p' },
      'PRESENCE_KEYS: the value is not a list of "subscribe key:publish key:secret key"',
    ],
    [['--data', 'x'], { REDIS_URL: 'redis://h' }, 'DATA: cannot be combined with REDIS_URL'],
  ])('that are wrong are named: %j %j', (argv, env, message) => {
    expect(() => readConfig(argv, env)).toThrow(SettingError);
    expect(() => readConfig(argv, env)).toThrow(message);
    try {
      readConfig(argv, env);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });
});
