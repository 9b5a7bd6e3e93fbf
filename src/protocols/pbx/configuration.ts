/** What the settings stand for beyond plain values: the files of users, of the model and of certificates, and the networks. */
import { readFileSync } from 'node:fs';
import { SettingError, type SettingsOf } from '../../settings/setting.ts';
import { type AddressPolicy, makeAddressPolicy, onlyTo } from './callback/address-policy.ts';
import type { OwnAddress } from './callback/own-address.ts';
import { parseCertificates } from './callback/trust.ts';
import { defaultModel, type Model, parseModel } from './model/model.ts';
import type { pbxSettings } from './settings.ts';
import { type Access, openAccess, parseAccess } from './users/access.ts';

/** The values of the PBX settings. */
export type PbxSettings = SettingsOf<typeof pbxSettings>;

export interface PbxConfiguration {
  readonly access: Access;
  readonly model: Model;
  /** Certificates in PEM form that https callbacks are trusted by, in addition to those that Node trusts. */
  readonly authorities: readonly string[];
  /** Returns where reports may go for an application that logged in from `peer`. */
  policyFor(peer: string): AddressPolicy;
}

/** Reads the files that the settings name. Throws SettingError naming the setting. */
export function readConfiguration(settings: PbxSettings, ownAddress: OwnAddress): PbxConfiguration {
  const policy = naming('PBX_ALLOW_TARGETS, PBX_DENY_TARGETS', () =>
    makeAddressPolicy({
      allow: settings.pbxAllowTargets,
      deny: settings.pbxDenyTargets,
      refuseSystemPorts: settings.pbxRefuseSystemPorts,
      callbackHosts: settings.pbxCallbackHosts,
      ...(settings.pbxAllowOwnAddress ? {} : { isOwn: ownAddress.has }),
    }),
  );
  return {
    access: parseFile('PBX_USERS', settings.pbxUsers, parseAccess) ?? openAccess,
    model: parseFile('PBX_MODEL', settings.pbxModel, parseModel) ?? defaultModel,
    authorities: parseFile('PBX_CA', settings.pbxCa, parseCertificates) ?? [],
    policyFor: (peer) => (settings.pbxSameAddressOnly ? onlyTo(peer, policy) : policy),
  };
}

/** Returns undefined if the setting names no file. */
function parseFile<T>(setting: string, file: string, parse: (text: string) => T): T | undefined {
  return file === '' ? undefined : naming(setting, () => parse(readFileSync(file, 'utf8')));
}

/** Turns any error into a SettingError that names the setting. */
function naming<T>(setting: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof SyntaxError ? describeSyntaxError(error) : (error as Error).message;
    throw new SettingError(`${setting}: ${reason}`);
  }
}

/** Leaves out the piece of text that V8 quotes: it may be part of a password. */
function describeSyntaxError({ message }: SyntaxError): string {
  return `not valid JSON${/ at position \d+/.exec(message)?.[0] ?? ''}`;
}
