/** The watch that has all nodes publish their events, kept in the store: it ends by itself after the last reader. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../../protocols/kit/documents.ts';
import type { DocumentWrite } from '../../../store/store.ts';
import type { Nodes } from '../../nodes/nodes.ts';

const watchKind = documentKind(
  'watches',
  Type.Object({ untilMs: Type.Number(), renewalsUntilMs: Type.Optional(Type.Number()) }),
);
const watchKey = 'events';
/** How long nodes publish after the last reader, ms of the wall time of the store: a stream that is cut resumes without a gap. */
const watchMs = 10 * 60_000;
/** The same of renewals, of which there are many, ms. */
const renewalsMs = 30_000;

/** How much longer events and renewals are published, ms; 0 or less: they are not. */
export interface Watch {
  readonly eventsMs: number;
  readonly renewalsMs: number;
  readonly wallMs: number;
  readonly version: number;
}

/** Reads the watch; one that was never set has ended. */
export async function readWatch({ store, tenant }: Nodes): Promise<Watch> {
  const [watch, { wallMs }] = await Promise.all([
    watchKind.read(store, tenant, watchKey),
    store.now({ tenant }),
  ]);
  const { untilMs, renewalsUntilMs } = watch?.value ?? { untilMs: wallMs };
  return {
    eventsMs: untilMs - wallMs,
    renewalsMs: (renewalsUntilMs ?? wallMs) - wallMs,
    wallMs,
    version: watch?.version ?? 0,
  };
}

/** What the readers of a node ask for. */
export interface WatchNeeds {
  /** Whether one of them asks for renewals. */
  readonly renewals: boolean;
}

/** Whether less than half of its time is left of what is needed. */
export function isToBeExtended(left: Watch, needs: WatchNeeds): boolean {
  return left.eventsMs <= watchMs / 2 || (needs.renewals && left.renewalsMs <= renewalsMs / 2);
}

/** Returns the write that gives the watch its whole time again, that of renewals if they are needed. */
export function extendWatch({ wallMs, version, ...left }: Watch, needs: WatchNeeds): DocumentWrite {
  const renewalsUntilMs = wallMs + (needs.renewals ? renewalsMs : left.renewalsMs);
  return watchKind.write(watchKey, { untilMs: wallMs + watchMs, renewalsUntilMs }, { version });
}
