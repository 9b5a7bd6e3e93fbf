/** What a chaos run breaks: server nodes, the store below them, and the networks in between. */
import type { Random } from '../../random.ts';
import type { ServerNode } from './server-node.ts';

export const storeNames = ['file', 'redis', 'sentinel', 'cluster'] as const;
export type StoreName = (typeof storeNames)[number];

/** Something that breaks. */
export interface Fault {
  readonly name: string;
  /** The documentation states that what was acknowledged shortly before may be lost. */
  readonly isLossy?: true;
  /** Times that a clock is set forward. */
  readonly forwardSteps?: number;
  /** The lease clock keeps running: no lease may live longer for it. */
  readonly keepsTime?: true;
  /** The world survives it by itself: recovery is measured from its start. */
  readonly isSelfHealing?: true;
  /** Waits until what is broken is whole, as after a fault before. */
  readonly prepare?: () => Promise<unknown>;
  /** Breaks something for about `forMs` and resolves when it is whole again. All choices are made with `random`. */
  run(options: { readonly forMs: number; readonly random: Random }): Promise<void>;
}

export interface World {
  readonly store: StoreName;
  readonly nodes: readonly ServerNode[];
  readonly faults: readonly Fault[];
  /** Faults that cannot be had here, with the reason. */
  readonly skipped: readonly string[];
  /** Whether the clock by which the store records events is the harness's own. */
  hasTrueClock(): boolean;
  close(): Promise<void>;
}

/** What the starter of a world gets. */
export interface WorldOptions {
  /** An empty folder; its owner removes it. */
  readonly folder: string;
  readonly onError: (line: string) => void;
  readonly onLine: (line: string) => void;
  readonly nodeCount: number;
}

/** Settings of every node: short holds and leases, so that a run of minutes sees many of them end. */
export function nodeArguments(tokenTtlMs: number): string[] {
  return [
    // Every join and leave is an event of its own, however many there are.
    ...[
      '--presence-announce-max',
      '100',
      '--presence-hold-seconds',
      '5',
      '--pbx-token-ttl-seconds',
      String(tokenTtlMs / 1_000),
    ],
    ...['--pbx-report-timeout-ms', '1000', '--store-timeout-ms', '1000', '--journal', 'off'],
  ];
}
