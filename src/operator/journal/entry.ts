/** An entry of the journal, as kept. */
import type { Reply } from '../../http/reply.ts';
import type { Subject } from '../../protocols/kit/operation.ts';

/** What became of a request. `aborted`: the client left, or gave no reply to what the server sent; `dropped`: a fault closed the connection or wrote something else. */
export type EntryState = 'pending' | 'answered' | 'aborted' | 'dropped';

/**
 * One request as kept. It is rendered only when it is read, so that keeping it costs little, and it has all its members from the start, as
 * adding them later would cost more than they do.
 */
export interface Entry {
  readonly seq: number;
  /** Wall time of receipt, ms since 1970. */
  readonly atMs: number;
  /** The tenant's lease clock at receipt, ms; undefined where this process does not keep that clock, or there was no tenant. */
  readonly leaseMs?: number | undefined;
  /** Cursor of the newest event at receipt, and at the reply: what came between may be due to the request. */
  readonly eventsBefore: number;
  eventsAfter: number | undefined;
  /** For its duration, ms on a clock of its own. */
  readonly startedMs: number;
  readonly direction: 'in' | 'out';
  readonly protocol: string;
  readonly operation: string;
  readonly subject: Subject;
  /** Address of the client; undefined for what the server sent. */
  readonly client?: string | undefined;
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** Of an absolute-form target. */
    readonly authority: string | undefined;
    /** Names and values, alternating, as on the wire. */
    readonly headers: readonly string[];
    readonly body: Uint8Array | undefined;
  };
  state: EntryState;
  reply: Reply | undefined;
  durationMs: number | undefined;
  /** Id of the fault that fired on it. */
  fault: string | undefined;
  notes: readonly string[] | undefined;
}
