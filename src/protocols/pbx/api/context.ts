/** What the operations and the operator routes of the PBX work with: one object per app. */
import type { Log } from '../../../settings/log.ts';
import type { Store, Tenant } from '../../../store/store.ts';
import { type BoundedMap, makeBoundedMap } from '../../kit/bounded-map.ts';
import type { Subject } from '../../kit/operation.ts';
import type { ProtocolContext, ProtocolEvent } from '../../kit/protocol.ts';
import { makeReceivers, type Receivers } from '../actors/receivers.ts';
import type { AddressPolicy } from '../callback/address-policy.ts';
import { makeOwnAddress, type OwnAddress } from '../callback/own-address.ts';
import { makeSender, type SendReport } from '../callback/send-report.ts';
import { type PbxSettings, readConfiguration } from '../configuration.ts';
import type { Model } from '../model/model.ts';
import { defaultTenant, type PbxStore, storeOf } from '../tenant.ts';
import type { TokenEnd } from '../tokens/token.ts';
import { makeTokens, type Tokens, type TokensOptions } from '../tokens/tokens.ts';
import type { Access } from '../users/access.ts';
import { type LoginFailures, makeLoginFailures } from '../users/login-failures.ts';
import type { PbxCall } from './call.ts';

const maxConnectMs = 3_000;
/** Ended tokens whose reason a process knows. */
const maxTokenEnds = 1_000;

export interface PbxContext {
  readonly store: PbxStore;
  readonly settings: PbxSettings;
  readonly access: Access;
  readonly loginFailures: LoginFailures;
  readonly tokens: Tokens;
  /** Why tokens ended by requests that this process served, for explanations. */
  readonly tokenEnds: BoundedMap<string, TokenEnd>;
  /** The emulated PBX as the settings describe it, before any change. */
  readonly configuredModel: Model;
  readonly log: Log;
  readonly interceptor: ProtocolContext['interceptor'];
  /** Tells what happened, for the stream of events. */
  emit(this: void, event: ProtocolEvent): void;
  /** When this server started, ms since 1970. */
  readonly startedMs: number;
  /** Sends one report, for the delivery and for operators. */
  readonly send: SendReport;
  /** Where the reports of actors arrive. */
  readonly receivers: Receivers;
  /** Ends every attempt that is under way. */
  abandonAttempts(this: void): void;
  readonly ownAddress: OwnAddress;
  /** Returns where reports may go for an application that logged in from `peer`. */
  policyFor(peer: string): AddressPolicy;
  /** Wall time, ms since 1970. */
  wallMs(): number;
  randomBytes(size: number): Buffer;
  /** The subject of a call that has a token. */
  subjectOf(this: void, call: PbxCall): Subject;
}

/** Returns the context of the PBX of another tenant, with the same settings. Failed logins are those of the whole server. */
export function contextOfTenant(context: PbxContext, tenant: Tenant): PbxContext {
  return { ...context, ...ofTenant(context, tenant) };
}

type OfTenant = Pick<PbxContext, 'store' | 'tokens' | 'tokenEnds' | 'subjectOf'>;

function ofTenant(
  {
    store: whole,
    settings,
    access,
    log,
  }: Pick<TokensOptions, 'settings' | 'access' | 'log'> & { store: Store },
  tenant: Tenant,
): OfTenant {
  const store = storeOf(whole, tenant);
  const tokens = makeTokens({ store, settings, access, log });
  return {
    store,
    tokens,
    tokenEnds: makeBoundedMap(maxTokenEnds),
    subjectOf({ token }) {
      if (token === '') return { tenant };
      return { tenant, group: tokens.knownUserOf(token), holder: token };
    },
  };
}

/** Reads the files that the settings name. Throws SettingError. */
export function makePbxContext(
  {
    store,
    wallMs,
    randomBytes,
    log,
    interceptor,
    emit,
    gather,
  }: Pick<ProtocolContext, 'store' | 'wallMs' | 'randomBytes' | 'log' | 'interceptor' | 'emit' | 'gather'>,
  settings: PbxSettings,
): PbxContext {
  const ownAddress = makeOwnAddress();
  const { access, model, authorities, policyFor } = readConfiguration(settings, ownAddress);
  const abandoning = new AbortController();
  const receivers = makeReceivers(gather);
  const own = ofTenant({ store, settings, access, log }, defaultTenant);
  return {
    ...own,
    settings,
    access,
    loginFailures: makeLoginFailures(own.store),
    configuredModel: model,
    ownAddress,
    receivers,
    send: receivers.deliverBefore(
      makeSender({
        policyFor,
        connectTimeoutMs: Math.min(maxConnectMs, settings.pbxReportTimeoutMs),
        timeoutMs: settings.pbxReportTimeoutMs,
        verifyTls: settings.pbxVerifyTls,
        authorities,
        signal: abandoning.signal,
        isSelf: ownAddress.has,
      }),
    ),
    abandonAttempts: () => abandoning.abort(),
    log,
    interceptor,
    emit: (event) => emit?.(event),
    startedMs: wallMs(),
    policyFor,
    wallMs,
    randomBytes,
  };
}
