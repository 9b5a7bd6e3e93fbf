/** The operation type of this protocol: what its dialect has to know beyond `Operation`. */
import type { Operation, Subject } from '../../kit/operation.ts';
import type { Demand } from '../access/demand.ts';
import type { PresenceCall } from './call.ts';
import type { ErrorName } from './errors.ts';

/** Numbers of the path segments that hold something, counted from 0 after the leading slash. */
export interface Segments {
  /** Absent: the call is not about a keyset, and its query is not looked at. */
  readonly subscribeKey?: number;
  readonly channels?: number;
  /** JSONP callback; absent: the `callback` parameter. */
  readonly callback?: number;
}

/** A vendor call. */
export interface PresenceOperation extends Operation<PresenceCall> {
  readonly segments: Segments;
  readonly errors: readonly ErrorName[];
  /** Part of the presence service, which a setting switches off. */
  readonly isPresenceService?: true;
  /** What the client must be allowed to do. Evaluated only where keysets are configured. */
  demand(call: PresenceCall): Demand;
}

/** Errors of any call that names a keyset. */
export const commonErrors = [
  'unreadable',
  'uriTooLong',
  'invalidCallback',
  'invalidSubscribeKey',
  'invalidTimestamp',
  'invalidSignature',
  'tooManyRequests',
  'unavailable',
  'internal',
] as const satisfies readonly ErrorName[];

/** Errors of calls that need a permission. */
export const permissionErrors = [
  'forbidden',
  'tokenExpired',
  'tokenRevoked',
] as const satisfies readonly ErrorName[];

/** Errors of calls that name channels and channel groups. */
export const channelErrors = [
  'missingChannel',
  'invalidChannel',
  'tooManyChannels',
] as const satisfies readonly ErrorName[];

/** Of operations on the presence of one uuid on channels. */
export const occupantErrors = [
  ...commonErrors,
  ...permissionErrors,
  ...channelErrors,
  'notTurnedOn',
  'missingUuid',
  'invalidUuid',
] as const;

/** The subject of a call about channels: as the request lists them, and its channel groups where it names no channel. */
export function channelSubject({ tenant, channels, query }: PresenceCall): Subject {
  const group = /^,*$/.test(channels) ? query['channel-group'] : readable(channels);
  return { tenant, group, holder: query.uuid };
}

/** Returns a segment decoded, or as it is if it cannot be: the operation itself refuses it. */
export function readable(segment: string): string {
  // Most names need no decoding, and this runs for each request that is observed.
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The subject of a call about a keyset. */
export function tenantSubject({ tenant, query: { uuid } }: PresenceCall): Subject {
  return { tenant, ...(uuid === undefined ? {} : { holder: uuid }) };
}
