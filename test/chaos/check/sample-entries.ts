/** Entries of histories that are made by hand. */
import type { Entry, FaultEntry, LeaseReceipt, Publication, Renewal } from '../history.ts';

export const lease = 'presence red ann';
/** A request that is sent at a time and answered 10 ms later. */
export const at = (sentMs: number) => ({ sentMs, doneMs: sentMs + 10 });
export const renewal = (sentMs: number, changes: Partial<Renewal> = {}): Renewal => ({
  kind: 'renewal',
  lease,
  ttlMs: 6_000,
  canGrant: true,
  isAcknowledged: true,
  ...at(sentMs),
  ...changes,
});
export const sighting = (sentMs: number, isLive: boolean): Entry => ({
  kind: 'sighting',
  lease,
  isLive,
  ...at(sentMs),
});
export const ending = (sentMs: number, isAcknowledged = true): Entry => ({
  kind: 'ending',
  lease,
  isAcknowledged,
  ...at(sentMs),
});
export const event = (
  atMs: number,
  action: LeaseReceipt['action'],
  occupancy: number,
  uuid = lease,
): LeaseReceipt => ({
  kind: 'lease event',
  reader: 'r',
  channel: 'red',
  lease: uuid,
  action,
  occupancy,
  happenedMs: atMs,
  atMs,
});
export const fault = (startMs: number, endMs: number, changes: Partial<FaultEntry> = {}): FaultEntry => ({
  kind: 'fault',
  name: 'stop a node',
  startMs,
  healedMs: endMs,
  recoveredMs: endMs,
  isLossy: false,
  forwardSteps: 0,
  keepsTime: false,
  ...changes,
});
export const published = (id: string, sentMs: number, changes: Partial<Publication> = {}): Publication => ({
  kind: 'publication',
  topic: 'red',
  id,
  isAcknowledged: true,
  ...at(sentMs),
  ...changes,
});
export const received = (id: string, atMs: number): Entry => ({
  kind: 'receipt',
  reader: 'r',
  topic: 'red',
  id,
  atMs,
});
