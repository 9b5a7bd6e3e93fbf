/** What delivery works with: what it is made with, and its state while this node holds the claim. */
import type { Interceptor } from '../../kit/intercept.ts';
import type { SendReport } from '../callback/send-report.ts';
import type { DeadLetters } from '../queues/dead-letters.ts';
import type { Retries } from '../queues/retries.ts';
import type { Routes } from '../queues/routing.ts';
import type { StoredQueue } from '../queues/stored-queue.ts';
import type { ReportWindow } from '../reports/report-window.ts';
import type { PbxStore } from '../tenant.ts';
import type { Claim } from './claim.ts';
import type { Concurrency } from './concurrency.ts';
import type { DeliveryLog } from './delivery-log.ts';

export interface DeliverySettings extends DeliveryLog {
  readonly store: PbxStore;
  readonly concurrency: Concurrency;
  readonly send: SendReport;
  /** Observes attempts; absent: nothing does. */
  readonly outgoing: Interceptor['outgoing'];
  /** Aborts when no attempt may go on. */
  readonly abandoned: AbortSignal;
  /** Maximum reports that wait for one callback. */
  readonly queueLength: number;
  readonly maxAttempts: number;
  /** Lifetime of a token after a delivered report, ms; undefined: a delivery does not renew it. */
  readonly renewMs: number | undefined;
  /** Returns whether a user may receive reports. */
  readonly mayReceive: (user: string) => boolean;
  readonly wallMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface DeliveryContext extends DeliverySettings {
  /** Writes under the claim, while this session is not abandoned. */
  readonly claim: Pick<Claim, 'commit'>;
  readonly window: ReportWindow;
  readonly routes: Routes;
  /** How far queues have got, as the store knows it. */
  readonly stored: Map<string, StoredQueue>;
  readonly retries: Retries;
  readonly deadLetters: DeadLetters;
  /** Returns the lease clock, ms. Rejects with StoreUnavailable. */
  leaseMs(): Promise<number>;
  /** Returns false while no attempt may start: delivery stops, or the claim was not renewed in time. */
  mayStart(): boolean;
  /** Returns true once another session delivers: what attempts of this one come to changes nothing. */
  isAbandoned(): boolean;
  /** Has the live tokens and their callbacks read again. */
  markChanged(): void;
}
