/** What the settings stand for beyond plain values: the files of users and of the model, and the lists of networks. */
import { readFileSync } from 'node:fs';
import { SettingError, type SettingsOf } from '../../settings/setting.ts';
import { type AddressPolicy, makeAddressPolicy, onlyTo } from './callback/address-policy.ts';
import { parseCertificates } from './callback/callback-trust.ts';
import { type Model, parseModel, smallPbx } from './model/model.ts';
import type { pbxSettings } from './settings.ts';
import { type Access, openAccess, parseAccess } from './users/access.ts';

/** The values of the PBX settings. */
export type PbxSettings = SettingsOf<typeof pbxSettings>;

export interface PbxConfiguration {
  readonly access: Access;
  readonly model: Model;
  /** PEM: trusted for https callbacks, besides what Node trusts. */
  readonly authorities: readonly string[];
  /** Where reports may go for whoever logged in from `peer`. */
  policyFor(peer: string): AddressPolicy;
}

/** Reads the files that the settings name. Throws SettingError naming the setting. */
export function readConfiguration(config: PbxSettings): PbxConfiguration {
  const policy = named('PBX_ALLOW_TARGETS, PBX_DENY_TARGETS', () =>
    makeAddressPolicy({
      allow: config.pbxAllowTargets,
      deny: config.pbxDenyTargets,
      refuseSystemPorts: config.pbxRefuseSystemPorts,
    }),
  );
  const fromFile = <T>(name: string, file: string, parse: (text: string) => T, otherwise: T): T =>
    file === '' ? otherwise : named(name, () => parse(readFileSync(file, 'utf8')));
  return {
    access: fromFile('PBX_USERS', config.pbxUsers, parseAccess, openAccess),
    model: fromFile('PBX_MODEL', config.pbxModel, parseModel, smallPbx),
    authorities: fromFile('PBX_CA', config.pbxCa, parseCertificates, []),
    policyFor: (peer) => (config.pbxSameAddressOnly ? onlyTo(peer, policy) : policy),
  };
}

function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SettingError(
      `${name}: ${error instanceof SyntaxError ? notJson(error) : (error as Error).message}`,
    );
  }
}

/** Where the text stops being JSON, without the piece of it that V8 quotes: it may be of somebody's password. */
function notJson({ message }: SyntaxError): string {
  return `no valid JSON${/ at position \d+/.exec(message)?.[0] ?? ''}`;
}
