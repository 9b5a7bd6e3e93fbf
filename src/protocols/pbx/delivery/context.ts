/** What delivery works with: what it is given, and what it knows while this node holds the claim. */
import type { Store } from '../../../store/store.ts';
import type { SendReport } from '../callback/send-report.ts';
import type { DeadLetters } from '../queues/dead-letters.ts';
import type { Asides } from '../queues/retries.ts';
import type { Routes } from '../queues/routing.ts';
import type { StoredLine } from '../queues/stored-queue.ts';
import type { ReportWindow } from '../reports/report-window.ts';
import type { Claim } from './claim.ts';
import type { Slots } from './concurrency.ts';
import type { DeliveryLog } from './delivery-log.ts';

export interface DeliverySettings extends DeliveryLog {
  readonly store: Store;
  readonly slots: Slots;
  readonly send: SendReport;
  readonly queueLength: number;
  readonly maxAttempts: number;
  /** What a delivered report makes the rest of its tokens' lives; undefined: what it was. */
  readonly prolongMs: number | undefined;
  /** Whether a user may have reports at all. */
  readonly mayReport: (user: string) => boolean;
  readonly wallMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface DeliveryContext extends DeliverySettings {
  readonly claim: Claim;
  readonly window: ReportWindow;
  readonly routes: Routes;
  /** How far lines have got, as the store knows it. */
  readonly stored: Map<string, StoredLine>;
  readonly asides: Asides;
  readonly deadLetters: DeadLetters;
  /** The lease clock, ms. Rejects with StoreUnavailable. */
  leaseMs(): Promise<number>;
  /** False: no attempt may start any more, or the claim is too old for one. */
  mayStart(): boolean;
  /** The live tokens, or where they want their reports, are not what was known. */
  noteChange(): void;
}
