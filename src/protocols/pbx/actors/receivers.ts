/** Where the reports of simulated applications arrive: in this process, without a connection. */
import { isActorAddress } from '../../kit/actors/address.ts';
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { SendReport } from '../callback/send-report.ts';

/** Takes a report; returns the status of the reply, or undefined if there is none. */
export type Receive = (body: string) => number | undefined;

export interface Receivers {
  /** Receives the reports to an address until the returned function is called. */
  add(address: string, receive: Receive): () => void;
  /** Returns a sender that delivers reports to actors itself, and leaves all others to `send`. */
  deliverBefore(send: SendReport): SendReport;
}

/** Makes the receivers of a process. */
export function makeReceivers(): Receivers {
  const receivers = new Map<string, Receive>();
  const deliver = (address: string, body: string): AttemptResult => {
    const receive = receivers.get(address);
    // An actor lives on the node that made it, and reports may be delivered by another one.
    if (receive === undefined)
      return { kind: 'unreachable', reason: `no actor of this process has the address ${address}` };
    const status = receive(body);
    return status === undefined
      ? { kind: 'unreachable', reason: 'the actor is silent' }
      : { kind: 'replied', status, address, isSelf: false, excerpt: '' };
  };
  return {
    add(address, receive) {
      receivers.set(address, receive);
      return () => receivers.delete(address);
    },
    deliverBefore: (send) => (url, body, peer) => {
      // The peer is what the server saw: no application can make its reports arrive at an actor.
      if (!isActorAddress(peer) || new URL(url).hostname !== peer) return send(url, body, peer);
      return { result: Promise.resolve().then(() => deliver(peer, body)), abort() {} };
    },
  };
}
