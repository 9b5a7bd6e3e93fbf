/** A request as SLS operations receive it, and what an SLS operation has beyond those of other protocols. */
import type { Operation } from '../../kit/operation.ts';
import type { ErrorName } from './errors.ts';

export interface SlsCall {
  readonly method: string;
  /** Path and query as on the wire; what is signed. */
  readonly target: string;
  /** Empty for calls of the account. */
  readonly project: string;
  /** Names from the path; empty if the path has none. */
  readonly logstore: string;
  readonly group: string;
  readonly shard: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The first value of each parameter. */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Host and port that the request is for, as the client wrote them. */
  readonly authority: string;
  readonly client: { readonly clientAddress: string };
}

/** One call of the SLS API. */
export interface SlsOperation extends Operation<SlsCall> {
  readonly errors: readonly ErrorName[];
  /**
   * What becomes of a call that is not served: refused by name, answered with an empty list, or refused because the resource does not
   * exist or a logstore has no index.
   */
  readonly support?: 'refused' | 'empty' | 'absent' | 'no-index';
  /** The host need not name a project: the name is in the body, or there is none. */
  readonly isAccountLevel?: true;
  /** Needs no signature, whatever the settings require. */
  readonly isPublic?: true;
}
