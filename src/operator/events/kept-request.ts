/** An event of a request as kept: written in place, as an object for each would be moved by the collector of garbage. */

/** A request that got its reply, or none; `entry` is its sequence number in the journal. */
export interface RequestEvent {
  readonly entry: number;
  readonly protocol: string;
  readonly operation: string;
  readonly subject: {
    readonly tenant?: string | undefined;
    readonly group?: string | undefined;
    readonly holder?: string | undefined;
  };
  readonly state: string;
  readonly status: number | undefined;
}

export class KeptRequest {
  #entry = 0;
  #protocol = '';
  #operation = '';
  #subject: RequestEvent['subject'] = {};
  #state = '';
  #status: number | undefined = undefined;

  /** Replaces what is kept. */
  write({ entry, protocol, operation, subject, state, status }: RequestEvent): void {
    this.#entry = entry;
    this.#protocol = protocol;
    this.#operation = operation;
    this.#subject = subject;
    this.#state = state;
    this.#status = status;
  }

  /** Returns the event that was written last. */
  toEvent() {
    const { tenant, group, holder } = this.#subject;
    return {
      type: 'request' as const,
      protocol: this.#protocol,
      operation: this.#operation,
      ...{ tenant, group, holder },
      state: this.#state,
      status: this.#status,
      entry: this.#entry,
    };
  }
}
