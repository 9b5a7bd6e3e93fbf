/** `heartbeatd/client`: drives a running server over HTTP. No server code; Node.js 20 and later. */

export type { Selector } from '../operator/selector/selector.ts';
export type {
  ActorBehaviour,
  ActorDetails,
  Actors,
  ActorView,
  ListedActors,
  NewActor,
  StartedActor,
  TenantActors,
} from './actors.ts';
export type {
  CallOperation,
  OperationArguments,
  OperationBody,
  OperationName,
  OperationParameters,
  OperationReply,
} from './call.ts';
export type { AdvanceOptions, Clock, ClockMoved, ClockReading, Duration } from './clock.ts';
export { type ConnectOptions, connect, type Heartbeatd } from './connect.ts';
export type { Endpoints, PbxEndpoint, PresenceConfig, PresenceEndpoint, SlsEndpoint } from './endpoints.ts';
export type { EventsOptions } from './events.ts';
export type { AddedFault, Fault, Faults, RuleView } from './faults.ts';
export {
  type EventVerdict,
  type Expectation,
  ExpectationFailed,
  type Journal,
  type JournalCursor,
  type JournalPage,
  type RenderedEntry,
  type Verdict,
  type Verification,
} from './journal.ts';
export type {
  Explanation,
  GroupState,
  LeaseFilter,
  Leases,
  LiveLease,
  ShardMove,
  WhySubject,
} from './leases.ts';
export { OperatorError } from './request.ts';
export type { Snapshot, Snapshots, StateDocument, TenantState } from './state.ts';
export type { TenantClock, TestTenant } from './tenant.ts';
