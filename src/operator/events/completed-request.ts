/** The event of a request, which is the journal's entry until it is read. */

/** A request that got its reply, or none. */
export interface CompletedRequest {
  /** In the journal. */
  readonly seq: number;
  readonly protocol: string;
  readonly operation: string;
  readonly tenant: string | undefined;
  readonly group: string | undefined;
  readonly holder: string | undefined;
  readonly state: string;
  /** Of its reply; undefined: there was none. */
  readonly status: number | undefined;
}

/** Returns the event of a request, without its times. */
export function requestEvent(request: CompletedRequest) {
  const { seq, protocol, operation, tenant, group, holder, state, status } = request;
  return {
    type: 'request' as const,
    ...{ protocol, operation, tenant, group, holder, state, status },
    entry: seq,
  };
}
