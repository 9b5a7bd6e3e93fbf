/** Passes the requests of actors to the server, past the network: everything behind the connection is as for a real client. */
import type { ActorReply, ActorRequest, SendAsActor } from '../../protocols/kit/actors/actor-kit.ts';

/** The part of an injected reply that is used. */
interface Injected {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Passes a request to the server as if it came from a connection with this address. Rejects if the reply is lost. */
export type Inject = (request: {
  readonly method: ActorRequest['method'];
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string;
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
}) => Promise<Injected>;

export interface SendOptions {
  readonly address: string;
  /** Ends requests that are under way. */
  readonly signal: AbortSignal;
  /** Called for each reply that is lost. */
  onLost(): void;
}

/** Makes the function by which one client sends. It never rejects. */
export function makeSend(inject: Inject, { address, signal, onLost }: SendOptions): SendAsActor {
  return async ({ method, url, host = address, body }: ActorRequest): Promise<ActorReply | undefined> => {
    try {
      const {
        statusCode,
        headers,
        body: text,
      } = await inject({
        ...{ method, url, signal },
        headers: {
          ...{ host, 'user-agent': 'heartbeatd-actor' },
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: body }),
        remoteAddress: address,
      });
      return { status: statusCode, headers, body: text };
    } catch {
      // A fault closed the connection, or the server stops.
      onLost();
      return undefined;
    }
  };
}
