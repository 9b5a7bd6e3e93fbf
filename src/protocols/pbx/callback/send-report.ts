/**
 * One attempt to deliver a report: a connection of its own, one POST, closed after the reply (S-Series API v1.1.0 and v2.0.0). The
 * address comes from a client, so no redirect is followed, no credentials are sent along, and time and reply are bounded.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { type AddressPolicy, portOfUrl } from './address-policy.ts';
import { type AttemptResult, reasonOf } from './attempt-result.ts';
import { dial } from './dial.ts';
import { makeLingeringSockets } from './lingering-sockets.ts';
import { postReport } from './post-report.ts';
import { makeTrust } from './trust.ts';

export interface Attempt {
  readonly result: Promise<AttemptResult>;
  /** Ends the attempt if nothing was sent yet; a report that was sent still gets its reply. */
  abort(): void;
}

export interface SenderOptions {
  /** Returns where reports may go for an application that logged in from `peer`. */
  policyFor(peer: string): AddressPolicy;
  readonly connectTimeoutMs: number;
  /** Of the whole attempt, connection included. */
  readonly timeoutMs: number;
  readonly verifyTls: boolean;
  /** Certificates in PEM form, trusted in addition to those of Node; absent: none. */
  readonly authorities?: readonly string[];
  /** Ends every attempt that is under way. */
  readonly signal?: AbortSignal;
  /** Returns whether an address and port are this server's own. */
  isSelf?(address: string, port: number): boolean;
  /** Returns all addresses of a name; the default asks the system. Rejects if there is none. */
  lookup?(hostname: string): Promise<readonly string[]>;
}

/** Posts a body to a URL, for an application that logged in from `peer`. */
export type SendReport = (url: string, body: string, peer: string) => Attempt;

const lookupBySystem = async (hostname: string): Promise<readonly string[]> => {
  const found = await systemLookup(hostname, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/** Makes a sender. It never throws, its attempts never reject, and each ends within `timeoutMs` whatever the receiver does. */
export function makeSender(options: SenderOptions): SendReport {
  const { lookup = lookupBySystem } = options;
  const trust = makeTrust(options);
  const lingering = makeLingeringSockets();
  const underWay = new Set<AbortController>();
  options.signal?.addEventListener('abort', () => {
    for (const attempt of underWay) attempt.abort();
  });

  return (target, body, peer) => {
    const policy = options.policyFor(peer);
    const whole = new AbortController();
    const connecting = new AbortController();
    whole.signal.addEventListener('abort', () => connecting.abort(), { once: true });
    const timeouts = [
      setTimeout(() => whole.abort(), options.timeoutMs),
      setTimeout(() => connecting.abort(), options.connectTimeoutMs),
    ];
    underWay.add(whole);
    let isSending = false;
    let isAborted = false;

    const send = async (): Promise<AttemptResult> => {
      const url = new URL(target);
      const dialled = await dial(url, { policy, trust, signal: connecting.signal, lookup });
      if (isAborted) {
        if ('socket' in dialled) dialled.socket.destroy();
        return { kind: 'aborted' };
      }
      if (!('socket' in dialled)) return dialled;
      isSending = true;
      const isSelf = options.isSelf?.(dialled.address, portOfUrl(url)) ?? false;
      return postReport({ url, body, ...dialled, signal: whole.signal, isSelf, lingering });
    };

    const result = send()
      .catch((error: Error): AttemptResult => ({ kind: 'failed', reason: reasonOf(error) }))
      .finally(() => {
        underWay.delete(whole);
        for (const timeout of timeouts) clearTimeout(timeout);
      });
    return {
      result,
      abort() {
        if (isSending) return;
        isAborted = true;
        connecting.abort();
      },
    };
  };
}
