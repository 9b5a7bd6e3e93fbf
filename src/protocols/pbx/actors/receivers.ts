/** Where the reports of simulated applications arrive: on the node that plays the application, without a connection. */
import { Type } from '@sinclair/typebox';
import { isActorAddress } from '../../kit/actors/address.ts';
import type { ProtocolContext } from '../../kit/protocol.ts';
import { guard } from '../../kit/validate.ts';
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

/** A report for an actor that another node may play. */
const isReport = guard(Type.Object({ address: Type.String(), body: Type.String() }));
/** What the node of the actor answers: the status of the reply, `null` if there is none. Other nodes answer `null` to the question. */
const isReceived = guard(Type.Object({ status: Type.Union([Type.Integer(), Type.Null()]) }));

/** Makes the receivers of a process. A report is delivered by any node: one that does not play its actor asks the others. */
export function makeReceivers(gather: ProtocolContext['gather']): Receivers {
  const receivers = new Map<string, Receive>();
  const receive = (address: string, body: string): { readonly status: number | null } | null => {
    const receiver = receivers.get(address);
    return receiver === undefined ? null : { status: receiver(body) ?? null };
  };
  const ask = gather?.('pbx-actors', (question) =>
    isReport(question) ? receive(question.address, question.body) : null,
  );
  const deliver = async (address: string, body: string): Promise<AttemptResult> => {
    const received =
      receive(address, body) ??
      (await ask?.({ address, body }))?.answers.map(({ answer }) => answer).find(isReceived);
    if (received === undefined) return { kind: 'unreachable', reason: `no actor has the address ${address}` };
    const { status } = received;
    return status === null
      ? { kind: 'unreachable', reason: 'the actor is silent' }
      : { kind: 'replied', status, address, isSelf: false, excerpt: '' };
  };
  return {
    add(address, receiver) {
      receivers.set(address, receiver);
      return () => receivers.delete(address);
    },
    deliverBefore: (send) => (url, body, peer) => {
      // The peer is what the server saw: no application can make its reports arrive at an actor.
      if (!isActorAddress(peer) || new URL(url).hostname !== peer) return send(url, body, peer);
      const result = deliver(peer, body).catch(
        (error: Error): AttemptResult => ({ kind: 'unreachable', reason: error.message }),
      );
      return { result, abort() {} };
    },
  };
}
