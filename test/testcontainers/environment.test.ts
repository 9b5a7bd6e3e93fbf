import { expect, it } from 'vitest';
import { defaultConfig, readConfig, settingSections } from '../../src/config.ts';
import { environmentOf, variableOf } from '../../src/testcontainers/environment.ts';

const settings = settingSections.flatMap(({ table }) => Object.entries(table));

it.each(settings)('%s is the name in code of its variable', (name, { env }) => {
  expect(variableOf(name)).toBe(env);
});

it('settings are the same after they went through the environment', () => {
  const changes = {
    slsAutoCreate: true,
    journal: 'on',
    pbxTokenTtlSeconds: 60,
    pbxCallbackHosts: ['127.0.0.1=machine', '::1=machine'],
    pbxVerifyTls: false,
  } as const;
  expect(readConfig([], environmentOf(changes))).toEqual(defaultConfig(changes));
});

it('undefined settings are left to the image', () => {
  const settings = { seed: undefined } as unknown as Parameters<typeof environmentOf>[0];
  expect(environmentOf(settings)).toEqual({});
});
